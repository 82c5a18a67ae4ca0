//! However files are laid out, and without what has ended: the plan is the same.

use proptest::prelude::*;
use rolecall::{
    files::format::{self, Formatted, Kind, Unformattable, formatted},
    model::source::FileId,
};

use super::cases;
use crate::support::{
    library::{Inputs, plan},
    worlds::{NOW, World, tapes},
};

/// Returns the id of the plan, or what was refused; where things stand means nothing.
fn planned(world: &World, files: &[(String, String)]) -> Result<String, ()> {
    match plan(Inputs { files, live: &world.live, now: NOW }) {
        Ok(planned) => Ok(planned.document["id"].to_string()),
        Err(_) => Err(()),
    }
}

fn each(
    world: &World,
    lay_out: impl Fn(&str, Kind) -> Result<String, Unformattable>,
) -> Vec<(String, String)> {
    let kind = |path: &str| if path == "rolecall.yaml" { Kind::Workspace } else { Kind::Access };
    let laid_out = |(path, text): (String, String)| {
        // Files that have findings stay.
        let new = match lay_out(&text, kind(&path)) {
            Err(Unformattable::Invalid(_)) => text,
            other => other.unwrap(),
        };
        (path, new)
    };
    world.texts().into_iter().map(laid_out).collect()
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn no_layout_changes_the_id_of_a_plan(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let before = planned(&world, &world.texts());
        let files = each(&world, |text, kind| formatted(text, kind, FileId::default()));
        prop_assert_eq!(&before, &planned(&world, &files), "{:#?}", files);
        let now = NOW.parse().unwrap();
        let files = each(&world, |text, kind| {
            let Formatted { text, .. } = format::without_ended(text, kind, FileId::default(), now)?;
            Ok(text)
        });
        // What has ended may have been all that was wrong.
        if before.is_ok() {
            prop_assert_eq!(&before, &planned(&world, &files), "{:#?}", files);
        }
    }
}
