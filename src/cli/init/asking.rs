//! What `rolecall init` asks on a terminal. Answers are said back to nobody: one may be a secret by mistake.

use std::io::{self, BufRead as _, Write as _};

use rolecall::{live::api::Recipients, model::ids::CompanyId};

use super::{Failure, Output, SANDBOX, endpoint};

/// How often a question is put before it is given up.
const TIMES: usize = 3;

/// Which API, by its number in the list or as a URL.
pub(super) fn api(output: &Output) -> Result<String, Failure> {
    let mut known = vec![SANDBOX.to_owned()];
    known.extend(Recipients::documented());
    output.message("Which API?");
    for (n, it) in known.iter().enumerate() {
        let what =
            if it == SANDBOX { "  (within rolecall: to try things out, without an account)" } else { "" };
        output.message(&format!("  {}  {it}{what}", n + 1));
    }
    asked("Number, or a URL: ", output, |answer| {
        let number = answer.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
        match number.map(|it| known.get(it)) {
            Some(Some(known)) => Ok(known.clone()),
            Some(None) => Err(Failure::invalid("the list has no such number")),
            None => endpoint(answer),
        }
    })
}

/// Whose groups, by its id.
pub(super) fn company(output: &Output) -> Result<CompanyId, Failure> {
    output.message("Which company? Whose groups these are: a client, or a TMC itself.");
    asked("Its id: ", output, super::company)
}

/// Whether what is there now is imported.
pub(super) fn import(output: &Output) -> Result<bool, Failure> {
    asked("Import the groups that are there now? It only reads. [yes] ", output, |answer| match answer {
        "" | "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err(Failure::invalid("answer yes or no")),
    })
}

/// Puts a question until it is answered in a way that can be read.
fn asked<T>(
    question: &str,
    output: &Output,
    read: impl Fn(&str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut last = None;
    for _ in 0..TIMES {
        let _ = write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush());
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer).unwrap_or(0) == 0 {
            output.message("");
            break;
        }
        match read(answer.trim()) {
            Ok(answer) => return Ok(answer),
            Err(failure) => {
                let (what, hint) = failure.in_one_line();
                let hint = hint.map_or_else(String::new, |it| format!(" ({it})"));
                output.message(&format!("That cannot be used: {what}{hint}."));
                last = Some(what);
            }
        }
    }
    Err(Failure::invalid(last.unwrap_or_else(|| "not answered".to_owned()))
        .hint("nothing was written; `--endpoint` and `--company` say it as well"))
}
