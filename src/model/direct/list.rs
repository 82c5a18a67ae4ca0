//! All direct roles of one person, as the list that the API reads and replaces whole.

use super::{
    Deserialize, Deserializer, DirectRole, Fields, Kind, RawValue, Serialize, SerializeSeq, Serializer,
    UserId,
};

/// The direct roles of one person: sorted by kind, each kind once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectRoles(Vec<DirectRole>);

impl DirectRoles {
    /// What several elements say of one role is joined.
    pub(crate) fn new(roles: impl IntoIterator<Item = DirectRole>) -> Self {
        let mut roles: Vec<DirectRole> = roles.into_iter().collect();
        roles.sort_by(|a, b| a.kind.cmp(&b.kind));
        let mut joined: Vec<DirectRole> = Vec::with_capacity(roles.len());
        for role in roles {
            match joined.last_mut() {
                Some(last) if last.kind == role.kind => last.join(role),
                Some(_) | None => joined.push(role),
            }
        }
        Self(joined)
    }

    /// Reads a list of the API (contract §6.1).
    pub(crate) fn read(elements: impl IntoIterator<Item = Box<RawValue>>) -> Self {
        Self::new(elements.into_iter().map(DirectRole::read))
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, DirectRole> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// No role at all, known to this version or not.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, kind: &Kind) -> Option<&DirectRole> {
        self.0.binary_search_by(|it| it.kind.cmp(kind)).ok().map(|at| &self.0[at])
    }

    /// Replaces the role of the same kind, if there is one.
    pub(crate) fn put(&mut self, role: DirectRole) {
        match self.0.binary_search_by(|it| it.kind.cmp(&role.kind)) {
            Ok(at) => self.0[at] = role,
            Err(at) => self.0.insert(at, role),
        }
    }

    pub(crate) fn take(&mut self, kind: &Kind) {
        self.0.retain(|it| it.kind != *kind);
    }

    /// Sorted, each once.
    pub(crate) fn types(&self) -> Vec<Box<str>> {
        let mut types: Vec<Box<str>> = self.iter().map(|it| it.kind.role_type().into()).collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// The same for other ids of travellers.
    #[must_use]
    pub(crate) fn with_users(&self, rename: impl Fn(UserId) -> UserId) -> Self {
        Self(self.iter().map(|it| it.with_users(&rename)).collect())
    }

    /// Whether both are equal with the fields that this version does not know.
    pub(crate) fn same_spelling(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other.iter()).all(|(a, b)| a.spelling() == b.spelling())
    }

    /// The whole list for a request.
    pub(crate) fn sent(&self, which: Fields) -> Vec<Box<RawValue>> {
        self.iter().flat_map(|it| it.sent(which)).collect()
    }

    /// The whole list as it was read.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &RawValue> {
        self.iter().flat_map(DirectRole::elements).map(AsRef::as_ref)
    }
}

/// The list of the API itself, so that nothing is lost where it is kept.
impl Serialize for DirectRoles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        self.elements().try_for_each(|it| list.serialize_element(it))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for DirectRoles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Box<RawValue>>::deserialize(deserializer).map(Self::read)
    }
}

impl FromIterator<DirectRole> for DirectRoles {
    fn from_iter<I: IntoIterator<Item = DirectRole>>(roles: I) -> Self {
        Self::new(roles)
    }
}
