//! What no file speaks of stays as it is, whatever it is.

use proptest::prelude::*;

use super::*;
use crate::plan::worlds::{COMPANY, World, world};

/// A company as it is before the plan of a world, every group of it read.
fn read(world: &World) -> Observed {
    let mut company = ObservedCompany::new(COMPANY);
    for (id, side) in world.groups.iter().filter_map(|it| Some((it.id, it.before.as_ref()?))) {
        let (name, description) = (side.name.clone(), side.description.clone());
        company.groups.push(GroupHead {
            id,
            name,
            description,
            unmodifiable: false,
            stamps: crate::model::stamp::Stamps::default(),
        });
        let grant = |(role, scope): (&RoleId, &Scope)| Grant {
            role: *role,
            scope: Arc::new(scope.clone()),
            as_read: [Some(scope.to_wire().into())].into(),
        };
        let members = side.members.iter().copied().collect();
        company.contents.insert(id, Contents { members, grants: side.grants.iter().map(grant).collect() });
    }
    Observed { companies: vec![company], ..Observed::default() }
}

proptest! {
    /// A group that no file names, and one of which files say that it is unmanaged, appear in no plan.
    #[test]
    fn absence_never_revokes(world in world(), named in 0..2_usize) {
        let snapshot = read(&world);
        let mut text = "version: 1\ncompany: 00000000-0000-0000-0000-000000000000\ngroups:".to_owned();
        let groups = &snapshot.companies[0].groups;
        let once = groups.iter().filter(|it| groups.iter().filter(|other| other.name == it.name).count() == 1);
        let named: Vec<_> = once.take(named).collect();
        for head in &named {
            text += &format!("\n  - {{ name: {}, roles: unmanaged, members: unmanaged }}", head.name);
        }
        if named.is_empty() {
            text += " []";
        }
        let file = FileId(0);
        let files = Files { access: vec![(file, decode(&text, file).unwrap())], ..Files::default() };
        let bound = bind(&check(&files).unwrap(), &snapshot, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
        let plan = diff::plan(&bound, &snapshot);
        prop_assert!(plan.is_empty(), "{:?}", plan.edits);
        prop_assert_eq!(&bound.live, &bound.desired);
        prop_assert_eq!(bound.live.groups().len(), groups.len());
    }
}
