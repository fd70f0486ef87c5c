//! Bonds, reputations and the weights that follow from them.

use cosmwasm_std::{Addr, Order, StdResult, Storage, Uint128};

use crate::lifecycle::Tier;
use crate::limits::MAX_AMOUNT;
use crate::money;
use crate::msg::Params;
use crate::state::{load_node, Config, Node, Totals, CONFIG, NODES, SERVING, TOTALS, TOTAL_WEIGHTS, WEIGHTS};
use crate::ContractError;

/// How the nodes' weights move the total of one model.
struct Change {
    model: Vec<u8>,
    up: Uint128,
    down: Uint128,
}

/// The money and weights of one message: totals are read at its start and written once by [`Ledger::close`].
pub struct Ledger {
    pub config: Config,
    pub totals: Totals,
    height: u64,
    changes: Vec<Change>,
}

impl Ledger {
    pub fn open(storage: &dyn Storage, height: u64) -> StdResult<Self> {
        Ok(Self {
            config: CONFIG.load(storage)?,
            totals: TOTALS.load(storage)?,
            height,
            changes: vec![],
        })
    }

    pub fn close(self, storage: &mut dyn Storage) -> StdResult<()> {
        TOTALS.save(storage, &self.totals)?;
        for change in self.changes {
            let before = TOTAL_WEIGHTS.may_load(storage, &change.model)?.unwrap_or_default();
            let after = before.checked_add(change.up)?.checked_sub(change.down)?;
            if after != before {
                TOTAL_WEIGHTS.save(storage, &change.model, &after, self.height)?;
            }
        }
        Ok(())
    }

    pub fn add_bond(&mut self, amount: Uint128) -> Result<(), ContractError> {
        let bonds = self.totals.bonds.checked_add(amount)?;
        if bonds > MAX_AMOUNT {
            return Err(ContractError::AmountTooLarge {
                amount: bonds.into(),
                max: MAX_AMOUNT,
            });
        }
        self.totals.bonds = bonds;
        Ok(())
    }

    /// Saves a node and what its new bond or reputation means for the weights.
    pub fn save_node(&mut self, storage: &mut dyn Storage, address: &Addr, node: &Node) -> Result<(), ContractError> {
        NODES.save(storage, address, node)?;
        self.weigh(storage, address, node)
    }

    /// Gives a node the weight that its bond, reputation and tier make.
    pub fn weigh(&mut self, storage: &mut dyn Storage, address: &Addr, node: &Node) -> Result<(), ContractError> {
        let after = weight(&self.config.params, node)?;
        let before = WEIGHTS.may_load(storage, address)?.unwrap_or_default();
        if after != before {
            WEIGHTS.save(storage, address, &after, self.height)?;
            for model in served_models(storage, address)? {
                self.change_total(model, after, before)?;
            }
        }
        Ok(())
    }

    pub fn change_total(&mut self, model: Vec<u8>, up: Uint128, down: Uint128) -> Result<(), ContractError> {
        match self.changes.iter_mut().find(|change| change.model == model) {
            Some(change) => {
                change.up = change.up.checked_add(up)?;
                change.down = change.down.checked_add(down)?;
            }
            None => self.changes.push(Change { model, up, down }),
        }
        Ok(())
    }

    /// Lowers the reputation and moves this part of the stake into the pool; returns the amount.
    pub fn punish_by(
        &mut self,
        storage: &mut dyn Storage,
        address: &Addr,
        slash_ppm: u32,
    ) -> Result<Uint128, ContractError> {
        let mut node = load_node(storage, address)?;
        let slashed = self.slash(&mut node, slash_ppm)?;
        node.reputation = money::after_fault(node.reputation);
        self.save_node(storage, address, &node)?;
        Ok(slashed)
    }

    /// Moves a part of a node's stake into the pool; returns that part. Saving the node is the caller's matter.
    pub fn slash(&mut self, node: &mut Node, slash_ppm: u32) -> Result<Uint128, ContractError> {
        let slashed = slash(node, slash_ppm)?;
        self.totals.bonds = self.totals.bonds.checked_sub(slashed)?;
        self.totals.pool = self.totals.pool.checked_add(slashed)?;
        Ok(slashed)
    }
}

/// On probation it is half: a new name for old misdeeds starts lower than the old one.
pub fn weight(params: &Params, node: &Node) -> Result<Uint128, ContractError> {
    let full = money::weight(node.bond, params.min_bond, params.bond_cap, node.reputation)?;
    let tier = Tier::of(&params.lifecycle, node.reputation, node.seats_won);
    Ok(match tier {
        Tier::Probation => Uint128::new(full.u128() / 2),
        Tier::Standard | Tier::Trusted => full,
    })
}

/// Takes from the bond first, then from what is released soonest.
fn slash(node: &mut Node, slash_ppm: u32) -> Result<Uint128, ContractError> {
    let mut stake = node.bond;
    for part in &node.unbonding {
        stake = stake.checked_add(part.amount)?;
    }
    let slashed = money::part(stake, slash_ppm.into())?;
    let mut left = slashed;
    let amounts = std::iter::once(&mut node.bond).chain(node.unbonding.iter_mut().map(|part| &mut part.amount));
    for amount in amounts {
        let taken = left.min(*amount);
        *amount = amount.checked_sub(taken)?;
        left = left.checked_sub(taken)?;
    }
    node.unbonding.retain(|part| !part.amount.is_zero());
    Ok(slashed)
}

pub fn served_models(storage: &dyn Storage, node: &Addr) -> StdResult<Vec<Vec<u8>>> {
    SERVING
        .prefix(node)
        .keys(storage, None, None, Order::Ascending)
        .collect()
}

/// The weight with which a node takes part in a draw for a model: that at the start of the block.
pub fn weight_at(storage: &dyn Storage, node: &Addr, model: &[u8], height: u64) -> StdResult<Uint128> {
    match SERVING.may_load_at_height(storage, (node, model), height)? {
        Some(_) => Ok(WEIGHTS.may_load_at_height(storage, node, height)?.unwrap_or_default()),
        None => Ok(Uint128::zero()),
    }
}
