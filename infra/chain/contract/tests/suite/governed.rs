//! Random messages while governance changes the rules under live queries: the books balance, and every query ends.

use cosmwasm_std::Uint128;
use proptest::prelude::*;
use quorate_contract::msg::*;

use crate::messages::*;
use crate::world::*;

#[derive(Clone, Debug)]
enum Act {
    Message(Step),
    Govern { places: u32, blocks: u64 },
    Spend { amount: u128 },
    Reweigh,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        32 => step().prop_map(Act::Message),
        1 => (1..4u32, 0..60u64).prop_map(|(places, blocks)| Act::Govern { places, blocks }),
        1 => (1..2_000u128).prop_map(|amount| Act::Spend { amount }),
        1 => Just(Act::Reweigh),
    ]
}

fn take(world: &mut World, act: &Act, asked: &mut usize) {
    match act {
        Act::Message(step) => {
            let accepted = send(world, step, *asked);
            *asked += usize::from(accepted && matches!(step, Step::Ask { .. }));
        }
        Act::Govern { places, blocks } => {
            // All that a live query lives by, and what weights follow from.
            let change = |params: &mut Params| {
                params.max_open = *places;
                params.grace_blocks = *blocks;
                params.queue_blocks = *blocks + 1;
                params.ageing_per_block = Uint128::from(*blocks);
                params.slash_ppm = *places * 100_000;
                params.bond_cap = params.min_bond + Uint128::from(*blocks) * Uint128::new(1_000);
                params.lifecycle.standard_seats = *places - 1;
            };
            world.govern(change).unwrap();
        }
        Act::Spend { amount } => {
            let (admin, to) = (world.admin.clone(), world.asker.to_string());
            let amount = Uint128::new(*amount);
            // Refused when the pool has less.
            let _ = world.exec(&admin, &ExecuteMsg::SpendPool { to, amount }, 0);
        }
        Act::Reweigh => {
            let asker = world.asker.clone();
            // Refused when there is nothing to reweigh.
            let _ = world.exec(&asker, &ExecuteMsg::Reweigh { limit: 2 }, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn books_balance(acts in prop::collection::vec(act(), 100)) {
        let mut world = World::with(Params { max_open: 2, ..params() }, Rule::Exact {}, NODES);
        let mut asked = 0;
        for act in &acts {
            take(&mut world, act, &mut asked);
            check_sums(&world, 3);
        }
        drain(&mut world, |_, _, _| {});
        check_sums(&world, 3);
    }
}
