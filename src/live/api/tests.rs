//! The client against a scripted server, over real HTTP on this machine.

mod lists;
mod people;
mod persons;
mod pressure;
mod server;
mod tokens;
mod transport;
mod wire;
mod writes;

use uuid::Uuid;

use super::*;
use crate::model::ids::{CompanyId, GroupId, RoleId, UserId};

const COMPANY: CompanyId = CompanyId(Uuid::from_u128(0xc0));
const GROUP: GroupId = GroupId(Uuid::from_u128(0x90));

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn role(number: u128) -> RoleId {
    RoleId(Uuid::from_u128(number))
}
