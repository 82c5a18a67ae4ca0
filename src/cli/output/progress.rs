//! What people see while work goes on: on a terminal a display, elsewhere a line where it takes long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rolecall::live::{api::Clients, source::Source};

use super::{
    super::waiting::{self, Waiting},
    Output,
};

/// How often the display of what goes on is renewed.
const TICK: Duration = Duration::from_millis(200);
/// A wait that is worth a remark where there is no display.
const LONG_WAIT: Duration = Duration::from_secs(5);

impl Output {
    /// A display on a terminal; nothing elsewhere.
    fn bar(&self, template: &str, bar: impl FnOnce() -> ProgressBar) -> Bar {
        let style = || ProgressStyle::with_template(template).expect("a template is well formed");
        Bar(self.progress.then(|| bar().with_style(style())))
    }

    /// Starts to count groups: a bar on a terminal, a line per group elsewhere.
    pub(crate) fn counter(&self, total: usize) -> Counter<'_> {
        let bar = self.bar("{bar:30} {pos}/{len} groups  {prefix}{msg}", || ProgressBar::new(total as u64));
        Counter { output: self, bar }
    }

    /// Does work that reads to its end, and meanwhile shows that something goes on where that takes time.
    pub(crate) async fn reading<T>(&self, source: &Source, work: impl Future<Output = T>) -> T {
        match source {
            Source::Snapshot(_) => work.await,
            Source::Api(clients) => {
                let spinner = self.bar("{spinner} {prefix}{msg} ({elapsed})", ProgressBar::new_spinner);
                if let Some(bar) = &spinner.0 {
                    bar.set_message("reading");
                    bar.enable_steady_tick(Duration::from_millis(120));
                }
                let display = |wait| {
                    spinner.waits(wait);
                    if let Some(bar) = &spinner.0 {
                        bar.set_message(format!("reading, {} requests", clients.requests_made()));
                    }
                };
                self.watching(clients, display, work).await
            }
        }
    }

    /// Does work to its end, and meanwhile says when nothing goes on because the API asked for a wait.
    ///
    /// On a terminal `display` shows it as long as it lasts; elsewhere a long wait is one remark, unless there is a log.
    pub(crate) async fn watching<T>(
        &self,
        clients: &Clients,
        display: impl Fn(Option<Duration>),
        work: impl Future<Output = T>,
    ) -> T {
        let mut tick = tokio::time::interval(TICK);
        let mut waiting = Waiting::default();
        tokio::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                now = tick.tick() => {
                    let wait = clients.waiting();
                    display(wait);
                    if let Some(wait) = waiting.began(wait, now.into()) {
                        tracing::debug!("{}", waiting::text(wait));
                        if wait >= LONG_WAIT && !self.progress && !self.logs {
                            self.remark(&waiting::text(wait));
                        }
                    }
                }
            }
        }
    }
}

/// What goes on, as people see it; ends when dropped.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn waits(&self, wait: Option<Duration>) {
        if let Some(bar) = &self.0 {
            bar.set_prefix(wait.map_or_else(String::new, |it| format!("{}; ", waiting::text(it))));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Groups that are done, one by one.
pub(crate) struct Counter<'a> {
    output: &'a Output,
    bar: Bar,
}

impl Counter<'_> {
    pub(crate) fn waits(&self, wait: Option<Duration>) {
        self.bar.waits(wait);
    }

    pub(crate) fn settled(&self, line: &str) {
        match &self.bar.0 {
            Some(bar) => {
                bar.inc(1);
                bar.set_message(line.to_owned());
            }
            None => self.output.remark(line),
        }
    }
}
