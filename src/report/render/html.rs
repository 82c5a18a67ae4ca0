//! One page for reviewers, with everything in it: who gains and loses what, a picture of it, each group, and who may do
//! what afterwards.
//!
//! It asks nobody for anything: its policy lets it run the one script and wear the one style that stand in it, by their
//! digests, and load nothing. Names are text wherever they stand: between tags as entities, in the data as JSON, and the
//! script puts them into the page as text. Without a script what matters most is there as well.

use super::{
    ending::{About, Ending, Trouble},
    findings,
    fit::Width,
};
use crate::model::{finding::Finding, source::Sources};

mod data;
mod list;
mod matrix;
mod page;
mod picture;
mod plan;
mod review;
mod text;

use list::{Entry, Line, List, Tone};
use page::{Page, Section};

/// What a run came to, as a page.
pub(super) fn document(ending: &Ending<'_>) -> String {
    let page = match &ending.about {
        About::Plan(view, trouble) => plan::page(view, trouble.as_ref().map(self::trouble)),
        About::Review(view) => review::page(view),
        About::Findings(found, sources) => of_findings(found, sources),
        About::Trouble(it) => Page {
            headline: format!("No result: {}", ending.result),
            sections: vec![Section::List(self::trouble(it))],
            ..Page::default()
        },
    };
    let subject =
        if ending.workspace.is_empty() { String::new() } else { format!(" of {}", ending.workspace) };
    let made = format!("rolecall {}{subject}, {:.0}", ending.command, ending.at);
    page.write(&made)
}

/// Why a run did not come to what was asked for.
fn trouble(trouble: &Trouble<'_>) -> List {
    let causes = trouble.causes.iter().map(|it| Line::prose(format!("because: {it}")));
    let hint = trouble.hint.map(|it| Line::prose(format!("hint: {it}")));
    let entry = Entry {
        tone: Tone::Stop,
        tag: "error".to_owned(),
        names: vec![trouble.message.to_owned()],
        beside: Vec::new(),
        lines: causes.chain(hint).collect(),
    };
    List::new("error", "What went wrong", vec![entry])
}

fn of_findings(found: &[Finding], sources: &Sources) -> Page {
    if found.is_empty() {
        return Page { headline: "The files are valid".to_owned(), ..Page::default() };
    }
    let entry = |it: &Finding| {
        let related = it.related.iter().map(|(place, label)| Line {
            what: label.to_string(),
            origin: sources.line(*place),
            ..Line::default()
        });
        let help = it.help.iter().map(|it| Line::prose(format!("help: {it}")));
        Entry {
            tone: if it.code.is_remark() { Tone::Warning } else { Tone::Stop },
            tag: it.code.as_str().to_owned(),
            names: vec![it.message.to_string()],
            beside: it.place.iter().map(|it| sources.line(*it)).collect(),
            lines: related.chain(help).collect(),
        }
    };
    let quoted = super::plain(&findings::text(found, sources, Width::Any));
    Page {
        headline: super::counted(found.len(), "finding in the files", "findings in the files"),
        summary: "Nothing was compared: the files have to be mended first.".to_owned(),
        sections: vec![
            Section::List(List::new("findings", "Findings", found.iter().map(entry).collect())),
            Section::Quoted("As the files have it", quoted),
        ],
        ..Page::default()
    }
}
