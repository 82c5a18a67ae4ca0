//! A file that is not well-formed: what was certain before that.

use granit_parser::ScanError;

use super::{Builder, Kind, Raw, narrow, syntax};

impl Builder<'_, '_> {
    /// Reports a syntax error, and keeps what was certain before it.
    pub(super) fn break_off(&mut self, error: &ScanError) {
        let bracket = self.open.iter().rfind(|it| it.in_flow).map(|it| self.here(it.at));
        let bracket = bracket.map(|it| (it.line, it.column));
        let (finding, is_conflict) = syntax::finding(error, bracket, self.tree.text, self.file);
        self.findings.push(finding);
        let root = self.tree.nodes.first().map(|it| it.kind);
        if is_conflict || root != Some(Kind::Mapping) {
            self.tree.nodes.clear();
            return;
        }
        // A key whose value is missing has an unknown one.
        for open in &self.open {
            let end = narrow(self.tree.nodes.len());
            self.tree.nodes[open.at as usize].this = end;
        }
        let wrong = Raw { kind: Kind::Wrong, line: 1, column: 1, start: 0, end: 0, this: 0, that: 0 };
        // The keys after the break are not known: a key that is refused stands for them.
        let more = 2 + self.tree.children(0).count() % 2;
        // The last thing before a break is not certain, down to the entry of a list.
        let mut at = 0;
        while let Some(last) = self.tree.children(at).last() {
            at = last;
            let after = self.tree.next(at);
            let raw = &mut self.tree.nodes[at as usize];
            if raw.kind != Kind::List {
                (raw.kind, raw.this) = (Kind::Wrong, after);
                break;
            }
        }
        for _ in 0..more {
            self.push(wrong);
        }
        self.tree.nodes[0].this = narrow(self.tree.nodes.len());
    }
}
