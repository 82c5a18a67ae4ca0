use super::*;

/// What is wrong with an expression: `column: message (help)` for each.
fn wrong(deny: &str) -> Vec<String> {
    let said = |it: Wrong| {
        let help = it.help.map(|it| format!(" ({it})")).unwrap_or_default();
        format!("{}: {}{help}", it.at, it.message)
    };
    Rule::new(None, deny).map_or_else(|all| all.into_iter().map(said).collect(), |_| Vec::new())
}

#[test]
fn look() {
    for it in [
        "access.privileged", "access.privilegd", "acess.privileged", "é == access.rolle", "access.role == 3", "access.through.exists(x, x.mangaed)",
        "access.role.beginsWith(\"x\")", "size(access.role) > 3 && foo(access.role)", "access.role", "access.role == ", "(((((((((((((((((((((access.direct)))))))))))))))))))))",
        "edit.kind == \"memeber\"", "access.direct && edit.kind == \"role\"", "1 == 1", "has(access)", "access.ends < timestamp(\"x\")", "access.role.matches(\"(\")",
        "access.role.matches(\"\\\\w{1000}{1000}\")", "access.through.all(a, access.through.all(b, access.through.all(c, true)))", "access.gives\n  && access.nwe",
        "\"é\" == access.rolle", "access.permissions.X", "access.reaches == access.reaches", "access.?role", "{'a': 1} == {}", "optional.none()",
    ] {
        println!("{it}\n   {:#?}", wrong(it));
    }
}
