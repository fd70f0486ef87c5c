use cosmwasm_std::{Event, SubMsg};

/// What a settlement has to send and to tell.
#[derive(Default)]
pub struct Report {
    pub events: Vec<Event>,
    pub messages: Vec<SubMsg>,
}
