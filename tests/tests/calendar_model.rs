#[path = "calendar_model/design.rs"]
mod design;
#[path = "calendar_model/explorer.rs"]
mod explorer;
#[path = "calendar_model/gap_owner.rs"]
mod gap_owner;
#[path = "calendar_model/operation.rs"]
mod operation;
#[path = "calendar_model/scenario.rs"]
mod scenario;
#[path = "calendar_model/table.rs"]
mod table;
#[path = "calendar_model/version_guard.rs"]
mod version_guard;
#[path = "calendar_model/world.rs"]
mod world;
use explorer::*; use gap_owner::*; use scenario::*; use world::*; use version_guard::*;
use crate::table::Condition;
use crate::design::Design;

fn run(name:&str, d:&dyn Design, size:Size, v:Visibility, attempts:u8){
    let t=std::time::Instant::now();
    let sc=size.scenarios();
    let e=Explorer{design:d,visibility:v,attempts};
    let mut states=0; let mut un=0; let mut co=0; let mut bad: std::collections::BTreeMap<String,u64>=Default::default(); let mut first=None; let mut maxs=0;
    for s in &sc { let r=e.explore(s); states+=r.states; maxs=maxs.max(r.states); un+=r.unavailable; co+=r.conflicts; if let Some(x)=r.violation { *bad.entry(format!("{x:?}")).or_default()+=1; first.get_or_insert((x,s.clone())); } }
    println!("{name} {size:?} {v:?} a{attempts}: scenarios {} states {states} max {maxs} unavailable {un} conflicts {co} bad {bad:?} {:?}", sc.len(), t.elapsed());
    if let Some(f)=first { println!("   first {f:?}"); }
}
#[test]
fn measure(){
    use Visibility::*;
    let two=|p|Size{points:p,schedules:2,callers:2};
    let three=|p,s|Size{points:p,schedules:s,callers:3};
    let ok=GapOwner{flaw:Flaw::None};
    for v in [AtOnce,ItemByItem]{
        run("gap",&ok,two(4),v,3);
        run("gap",&ok,two(5),v,3);
        run("gap",&ok,three(3,1),v,3);
        run("gap",&ok,three(3,2),v,3);
        run("gap",&ok,three(4,1),v,2);
        run("guard",&VersionGuard,two(4),v,3);
        run("guard",&VersionGuard,two(5),v,3);
    }
    let flaws:Vec<(&str,Flaw)>=vec![
      ("ends<=s",Flaw::Without(|c|matches!(c,Condition::EndsAtMost(_)))),
      ("nxt=seen",Flaw::Without(|c|matches!(c,Condition::GapEndsAt(_)))),
      ("pointsat",Flaw::Without(|c|matches!(c,Condition::PointsAt(_)))),
      ("ownsgap",Flaw::Without(|c|matches!(c,Condition::OwnsGapUntil(_)))),
      ("nxt>=e",Flaw::Without(|c|matches!(c,Condition::NxtAtLeast(_)))),
      ("nodeisof",Flaw::Without(|c|matches!(c,Condition::NodeIsOf(_)))),
      ("rowis",Flaw::Without(|c|matches!(c,Condition::RowIs(_)))),
      ("both",Flaw::Without(|c|matches!(c,Condition::RowIs(_)|Condition::NodeIsOf(_)))),
      ("nodeabsent",Flaw::Without(|c|matches!(c,Condition::NodeAbsent))),
      ("rowabsent",Flaw::Without(|c|matches!(c,Condition::RowAbsent))),
      ("bykey",Flaw::KnowsItselfByKey),("twice",Flaw::NamesAnItemTwice),("trusts",Flaw::TrustsTheNeighbour),("failconf",Flaw::FailureIsConflict)];
    for (n,f) in flaws { let d=GapOwner{flaw:f};
        for v in [AtOnce,ItemByItem] { run(n,&d,two(4),v,3); }
        run(n,&d,two(5),ItemByItem,3);
        run(n,&d,three(3,2),ItemByItem,3);
    }
}
