//! Everybody of a company as the bulk list tells: who it is and where each belongs (contract §7.2). Of what is personal
//! nothing is kept.

use super::{ApiError, Reader, wire::Told};
use crate::model::{
    ids::{CompanyId, PersonRef, UserId},
    person::Entry,
};

impl Reader {
    /// Returns everybody of a company, inactive people included, or those that the server finds for a text.
    ///
    /// # Errors
    /// Any [`ApiError`], and where the list cannot be proven complete. There is no other way to ask: a refusal of this list
    /// is one as well.
    pub async fn roster(&self, company: CompanyId, search: Option<&str>) -> Result<Vec<Entry>, ApiError> {
        let rows = self.rows_with(company, (None, search), Told::entry).await?;
        Ok(rows.into_iter().map(|(user, entry)| Entry { user, ..entry }).collect())
    }

    /// Returns the row of one person, where the list tells it: not where that is refused.
    ///
    /// # Errors
    /// Any [`ApiError`] but for such a refusal.
    pub async fn entry(&self, company: CompanyId, user: UserId) -> Result<Option<Entry>, ApiError> {
        let rows = self.find(company, &[PersonRef::UserId(user)], Told::entry).await?;
        let row = rows.into_iter().find(|it| it.0.id == user);
        Ok(row.and_then(|(user, entry)| Some(Entry { user, ..entry? })))
    }
}
