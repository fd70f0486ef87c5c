//! A chain with the contract, a model and some nodes. Every message is followed by the check that the books balance.

use cosmwasm_std::{Addr, Binary, Coin, Empty, Event, StdResult, Uint128};
use cw_multi_test::no_init;
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankSudo, Contract, ContractWrapper, DistributionKeeper, Executor, FailingModule,
    GovFailingModule, IbcFailingModule, IntoBech32, MockApiBech32, StakeKeeper, StargateFailing, WasmKeeper,
};
use quorate_contract::contract;
use quorate_contract::frame::sha256;
use quorate_contract::hash::{self, CommitmentFields, Place};
use quorate_contract::msg::*;
use serde::de::DeserializeOwned;

pub use crate::bank::blocked;
use crate::bank::StrictBank;
pub use crate::fixtures::*;
use crate::prover::SecretKey;

pub const DENOM: &str = "uqrt";
pub const PRICE: u128 = 1_000;
pub const BOND: u128 = 100_000;
pub const RICH: u128 = 1_000_000_000;

type Chain = App<
    StrictBank,
    MockApiBech32,
    cosmwasm_std::testing::MockStorage,
    FailingModule<Empty, Empty, Empty>,
    WasmKeeper<Empty, Empty>,
    StakeKeeper,
    DistributionKeeper,
    IbcFailingModule,
    GovFailingModule,
    StargateFailing,
>;

#[derive(Clone)]
pub struct Member {
    pub addr: Addr,
    pub key: SecretKey,
}

/// What a node says.
#[derive(Clone, Debug)]
pub struct Answer {
    pub digest: [u8; 32],
    pub sketch: Vec<i32>,
}

pub fn says(text: &str) -> Answer {
    Answer {
        digest: sha256(text.as_bytes()),
        sketch: vec![],
    }
}

pub struct World {
    pub app: Chain,
    pub contract: Addr,
    pub asker: Addr,
    pub admin: Addr,
    pub code: u64,
    pub nodes: Vec<Member>,
    pub model: Binary,
}

impl World {
    pub fn empty(params: Params) -> Self {
        let mut app = AppBuilder::new()
            .with_bank(StrictBank::default())
            .with_api(MockApiBech32::new("cosmwasm"))
            .build(no_init);
        let wrapper: Box<dyn Contract<Empty>> = Box::new(
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_reply(contract::reply)
                .with_migrate(contract::migrate),
        );
        let code = app.store_code(wrapper);
        let admin = "admin".into_bech32();
        let asker = "asker".into_bech32();
        let init = InstantiateMsg {
            denom: DENOM.to_string(),
            params,
            admin: Some(admin.to_string()),
        };
        let contract = app
            .instantiate_contract(code, asker.clone(), &init, &[], "quorate", Some(asker.to_string()))
            .unwrap();
        let mut world = Self {
            app,
            contract,
            asker: asker.clone(),
            admin,
            code,
            nodes: vec![],
            model: Binary::from(sha256(b"model")),
        };
        world.fund(&asker, RICH);
        world
    }

    /// An exact model and `count` nodes of equal weight that serve it.
    pub fn new(count: usize) -> Self {
        Self::with(params(), Rule::Exact {}, count)
    }

    pub fn with(params: Params, rule: Rule, count: usize) -> Self {
        let mut world = Self::empty(params);
        world.register_model("model", rule, windows());
        for _ in 0..count {
            world.add_node(BOND);
        }
        world.advance(1);
        world
    }

    pub fn register_model(&mut self, name: &str, rule: Rule, windows: Windows) -> Binary {
        let model = Binary::from(sha256(name.as_bytes()));
        let msg = self.model_msg(name, rule, windows);
        self.exec(&self.asker.clone(), &msg, 0).unwrap();
        model
    }

    pub fn model_msg(&self, name: &str, rule: Rule, windows: Windows) -> ExecuteMsg {
        ExecuteMsg::RegisterModel {
            manifest_hash: Binary::from(sha256(name.as_bytes())),
            price: Uint128::new(PRICE),
            rule,
            windows,
            trial: None,
            timing: None,
        }
    }

    pub fn add_node(&mut self, bond: u128) -> usize {
        let place = self.nodes.len();
        let addr = format!("node{place}").into_bech32();
        let key = SecretKey::new(format!("key{place}").as_bytes());
        self.fund(&addr, RICH);
        let register = ExecuteMsg::RegisterNode {
            vrf_pubkey: Binary::from(key.public),
        };
        self.exec(&addr, &register, bond).unwrap();
        let serve = ExecuteMsg::Serve {
            model: self.model.clone(),
            trial: None,
        };
        self.exec(&addr, &serve, 0).unwrap();
        self.nodes.push(Member { addr, key });
        place
    }

    pub fn fund(&mut self, to: &Addr, amount: u128) {
        let mint = BankSudo::Mint {
            to_address: to.to_string(),
            amount: vec![Coin::new(amount, DENOM)],
        };
        self.app.sudo(mint.into()).unwrap();
    }

    pub fn exec(&mut self, sender: &Addr, msg: &ExecuteMsg, funds: u128) -> StdResult<AppResponse> {
        let coins = match funds {
            0 => vec![],
            amount => vec![Coin::new(amount, DENOM)],
        };
        self.exec_coins(sender, msg, &coins)
    }

    pub fn exec_coins(&mut self, sender: &Addr, msg: &ExecuteMsg, coins: &[Coin]) -> StdResult<AppResponse> {
        let contract = self.contract.clone();
        let result = self.app.execute_contract(sender.clone(), contract, msg, coins);
        self.check_books();
        result
    }

    pub fn check_books(&self) {
        let totals: Totals = self.ask_contract(&QueryMsg::Totals {});
        let sum = totals.bonds + totals.fees + totals.pool + totals.sessions;
        assert_eq!(sum.u128(), self.balance(&self.contract), "books do not balance");
    }

    pub fn balance(&self, of: &Addr) -> u128 {
        let coin = self.app.wrap().query_balance(of, DENOM).unwrap();
        Uint128::try_from(coin.amount).unwrap().u128()
    }

    pub fn ask_contract<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.try_query(msg).unwrap()
    }

    pub fn try_query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> StdResult<T> {
        self.app.wrap().query_wasm_smart(&self.contract, msg)
    }

    pub fn height(&self) -> u64 {
        self.app.block_info().height
    }

    pub fn advance(&mut self, blocks: u64) {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(blocks);
        });
    }

    pub fn go_to(&mut self, height: u64) {
        self.advance(height - self.height());
    }

    pub fn ask_msg(&self, seats: u32) -> AskMsg {
        AskMsg {
            model: self.model.clone(),
            input_hash: Binary::from(sha256(b"question")),
            input: Input::Inline(Binary::from(b"question")),
            seats,
            privacy: Privacy::Public,
            max_units: 100,
            agent: None,
            callback: None,
            input_units: None,
        }
    }

    pub fn ask_with(&mut self, msg: AskMsg, fee: u128) -> StdResult<AppResponse> {
        self.exec(&self.asker.clone(), &ExecuteMsg::Ask(msg), fee)
    }

    pub fn ask(&mut self, seats: u32) -> u64 {
        self.ask_paying(seats, PRICE * u128::from(seats))
    }

    pub fn ask_paying(&mut self, seats: u32, fee: u128) -> u64 {
        let response = self.ask_with(self.ask_msg(seats), fee).unwrap();
        attribute(&response, "asked", "query_id").parse().unwrap()
    }

    pub fn query(&self, id: u64) -> QueryResponse {
        self.ask_contract(&QueryMsg::Query { id })
    }

    pub fn seats(&self, id: u64) -> Vec<SeatView> {
        let answer: SeatsResponse = self.ask_contract(&seats_of(id, None));
        answer.seats
    }

    pub fn outcomes(&self, id: u64, attempt: u32) -> Vec<SeatOutcome> {
        let attempt = Some(attempt);
        let answer: SeatsResponse = self.ask_contract(&seats_of(id, attempt));
        answer.seats.iter().map(|seat| seat.outcome).collect()
    }

    pub fn govern(&mut self, change: impl FnOnce(&mut Params)) -> StdResult<AppResponse> {
        let answer: ParamsResponse = self.ask_contract(&QueryMsg::Params {});
        let mut params = answer.params;
        change(&mut params);
        self.exec(&self.admin.clone(), &ExecuteMsg::UpdateParams { params }, 0)
    }

    pub fn query_raw_config(&self) -> Option<Vec<u8>> {
        self.app.contract_storage(&self.contract).get(b"config")
    }

    pub fn node(&self, place: usize) -> NodeResponse {
        let address = self.nodes[place].addr.to_string();
        self.ask_contract(&QueryMsg::Node { address })
    }

    pub fn totals(&self) -> Totals {
        self.ask_contract(&QueryMsg::Totals {})
    }

    pub fn draw(&self, place: usize, query_id: u64) -> DrawResponse {
        let node = self.nodes[place].addr.to_string();
        self.ask_contract(&QueryMsg::Draw { query_id, node })
    }

    pub fn proof(&self, place: usize, seed: &[u8], round: u32) -> Binary {
        let alpha = hash::alpha(seed, round);
        Binary::from(self.nodes[place].key.prove(&alpha))
    }

    pub fn salt(&self, place: usize, id: u64, attempt: u32) -> [u8; 32] {
        sha256(format!("{place} {id} {attempt}").as_bytes())
    }

    pub fn commitment(&self, place: usize, id: u64, attempt: u32, answer: &Answer) -> Binary {
        let chain_id = self.app.block_info().chain_id;
        let place_of = Place {
            chain_id: &chain_id,
            contract: self.contract.as_str(),
        };
        let fields = CommitmentFields {
            query_id: id,
            attempt,
            node: self.nodes[place].addr.as_str(),
            digest: &answer.digest,
            sketch_hash: &hash::sketch_hash(&answer.sketch),
            receipts_root: &sha256(b"receipts"),
            salt: &self.salt(place, id, attempt),
        };
        Binary::from(hash::commitment(place_of, &fields))
    }

    pub fn commit_msg(&self, place: usize, id: u64, answer: &Answer) -> ExecuteMsg {
        let draw = self.draw(place, id);
        ExecuteMsg::Commit {
            query_id: id,
            round: draw.round,
            proof: self.proof(place, &draw.seed, draw.round),
            commitment: self.commitment(place, id, draw.attempt, answer),
        }
    }

    pub fn commit(&mut self, place: usize, id: u64, answer: &Answer) -> StdResult<AppResponse> {
        let msg = self.commit_msg(place, id, answer);
        self.exec(&self.nodes[place].addr.clone(), &msg, 0)
    }

    pub fn reveal_msg(&self, place: usize, id: u64, answer: &Answer) -> ExecuteMsg {
        let attempt = self.query(id).attempt;
        ExecuteMsg::Reveal(RevealMsg {
            query_id: id,
            digest: Binary::from(answer.digest),
            sketch: answer.sketch.clone(),
            receipts_root: Binary::from(sha256(b"receipts")),
            salt: Binary::from(self.salt(place, id, attempt)),
        })
    }

    pub fn reveal(&mut self, place: usize, id: u64, answer: &Answer) -> StdResult<AppResponse> {
        let msg = self.reveal_msg(place, id, answer);
        self.exec(&self.nodes[place].addr.clone(), &msg, 0)
    }

    pub fn settle(&mut self, query_id: u64) -> StdResult<AppResponse> {
        self.exec(&self.asker.clone(), &ExecuteMsg::Settle { query_id }, 0)
    }

    pub fn expire(&mut self, query_id: u64) -> StdResult<AppResponse> {
        self.exec(&self.asker.clone(), &ExecuteMsg::Expire { query_id }, 0)
    }

    /// Nodes 0, 1, ... commit to these answers; then the reveal window is entered.
    pub fn commit_all(&mut self, id: u64, answers: &[Answer]) {
        for (place, answer) in answers.iter().enumerate() {
            self.commit(place, id, answer).unwrap();
        }
        self.go_to(self.query(id).opening.unwrap().commit_close + 1);
    }

    pub fn reveal_all(&mut self, id: u64, answers: &[Answer]) {
        for (place, answer) in answers.iter().enumerate() {
            self.reveal(place, id, answer).unwrap();
        }
    }

    /// The whole attempt.
    pub fn play(&mut self, id: u64, answers: &[Answer]) -> AppResponse {
        self.commit_all(id, answers);
        self.reveal_all(id, answers);
        self.settle(id).unwrap()
    }
}

pub fn seats_of(id: u64, attempt: Option<u32>) -> QueryMsg {
    QueryMsg::Seats {
        id,
        attempt,
        start_after: None,
        limit: None,
    }
}

pub fn quorate_events<'a>(response: &'a AppResponse, kind: &str) -> Vec<&'a Event> {
    let is_kind = |event: &&Event| {
        event.ty == "wasm-quorate" && event.attributes[1].key == "kind" && event.attributes[1].value == kind
    };
    response.events.iter().filter(is_kind).collect()
}

pub fn attribute(response: &AppResponse, kind: &str, key: &str) -> String {
    let events = quorate_events(response, kind);
    let event = events
        .first()
        .unwrap_or_else(|| panic!("no event {kind} in {:?}", response.events));
    let found = event.attributes.iter().find(|attribute| attribute.key == key);
    found.unwrap_or_else(|| panic!("no {key} in {event:?}")).value.clone()
}

/// Asserts a refusal and what it says.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: StdResult<T>, text: &str) {
    let message = result.unwrap_err().to_string();
    assert!(message.contains(text), "expected {text:?} in {message:?}");
}
