//! What a page is made of, and how it is written: a frame of our own, and names between its tags as text.
//!
//! Raw texts in, markup out. The policy lets the page run the one script and wear the one style that stand in it, by their
//! digests, and load nothing.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    data::Data,
    list::{List, Tone},
    matrix::Matrix,
    text::{TEXT, text},
};
use crate::{
    model::escape::{self, markup},
    report::render::thousands,
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page. Everything in it is raw.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) headline: String,
    pub(super) summary: String,
    /// What else is to be known of all of it, a line each.
    pub(super) facts: Vec<String>,
    pub(super) counts: Vec<Count>,
    pub(super) sections: Vec<Section>,
    /// What stands at the end: words of ours, and what to type.
    pub(super) foot: Vec<(String, String)>,
}

/// How many of something.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) tone: Tone,
    pub(super) n: usize,
    pub(super) what: &'static str,
}

/// A part of a page.
#[derive(Debug)]
pub(super) enum Section {
    List(List),
    /// Markup whose names are text already.
    Picture(String),
    Matrix(Matrix),
    /// A title, and lines as they are.
    Quoted(&'static str, String),
}

impl Page {
    /// Writes it; `made` says by which run it was made, and when.
    pub(super) fn write(&self, made: &str) -> String {
        let lists = self.sections.iter().filter_map(|it| match it {
            Section::List(list) => Some(list),
            Section::Picture(_) | Section::Matrix(_) | Section::Quoted(..) => None,
        });
        let matrix = self.sections.iter().find_map(|it| match it {
            Section::Matrix(matrix) => Some(matrix),
            Section::List(_) | Section::Picture(_) | Section::Quoted(..) => None,
        });
        let data = Data::of(lists, matrix);
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            digest(STYLE),
            digest(SCRIPT)
        );
        let title = text(&self.headline);
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"referrer\" content=\"no-referrer\"/>\n<meta name=\"robots\" content=\"noindex\"/>\n\
             <title>rolecall: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        );
        self.head(made, &mut out);
        self.bar(&mut out);
        out.push_str("<main class=\"wide\">\n");
        self.sections.iter().for_each(|it| it.write(&mut out));
        out.push_str("</main>\n");
        self.foot(&mut out);
        out.push_str(&format!(
            "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            data.json()
        ));
        out
    }

    fn head(&self, made: &str, out: &mut String) {
        out.push_str(&format!(
            "<header class=\"wide\">\n<p class=\"brand\">{}</p>\n<h1>{}</h1>\n",
            text(made),
            text(&self.headline)
        ));
        if !self.summary.is_empty() {
            out.push_str(&format!("<p class=\"summary\">{}</p>\n", text(&self.summary)));
        }
        if !self.facts.is_empty() {
            let facts: String = self.facts.iter().map(|it| format!("<li>{}</li>", text(it))).collect();
            out.push_str(&format!("<ul class=\"facts\">{facts}</ul>\n"));
        }
        if !self.counts.is_empty() {
            let count = |it: &Count| {
                format!("<li class=\"{}\"><b>{}</b>{}</li>", it.tone.class(), thousands(it.n), text(it.what))
            };
            let counts: String = self.counts.iter().map(count).collect();
            out.push_str(&format!("<ul class=\"counts\">{counts}</ul>\n"));
        }
        out.push_str("</header>\n");
    }

    /// What leads to the parts, and the search.
    fn bar(&self, out: &mut String) {
        let links = self.sections.iter().map(|it| {
            let (id, title) = it.title();
            format!("<a href=\"#{id}\">{}</a>", text(title))
        });
        let links: String = links.collect::<Vec<_>>().join("\n");
        out.push_str(&format!(
            "<div class=\"bar\"><div class=\"wide\"><nav>{links}</nav>\
             <input class=\"scripted\" id=\"q\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" \
             aria-label=\"Search people, groups, roles and scopes\" placeholder=\"Search people, groups, roles, scopes\"/>\
             <button class=\"scripted\" id=\"theme\" type=\"button\">Theme: auto</button></div></div>\n"
        ));
    }

    fn foot(&self, out: &mut String) {
        let lines = self.foot.iter().map(|(words, code)| {
            let code = if code.is_empty() { String::new() } else { format!(" <code>{}</code>", text(code)) };
            format!("<p>{}{code}</p>", text(words))
        });
        out.push_str(&format!("<footer class=\"wide foot\">{}</footer>\n", lines.collect::<String>()));
    }
}

/// The source that a policy lets through: of just this text.
fn digest(source: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(source.as_bytes())))
}

impl Section {
    /// The anchor, and what it is called.
    fn title(&self) -> (&'static str, &str) {
        match self {
            Self::List(list) => (list.id, &list.title),
            Self::Picture(_) => ("picture", "Picture"),
            Self::Matrix(_) => ("matrix", "Access matrix"),
            Self::Quoted(title, _) => ("quoted", title),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::List(list) => list.write(out),
            Self::Picture(drawn) => out.push_str(&format!(
                "<section id=\"picture\" class=\"picture\"><div class=\"title\"><h2>Picture</h2>\
                 <span class=\"count\">who gains and loses what, through which group</span></div>\
                 <div class=\"sideways\">{drawn}</div></section>\n"
            )),
            Self::Matrix(matrix) => matrix.write(out),
            Self::Quoted(title, lines) => {
                let lines: Vec<String> = lines.lines().map(|it| markup(&escape::clip(it, TEXT))).collect();
                out.push_str(&format!(
                    "<section id=\"quoted\"><div class=\"title\"><h2>{}</h2></div><pre>{}</pre></section>\n",
                    text(title),
                    lines.join("\n")
                ));
            }
        }
    }
}
