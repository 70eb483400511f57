import SyncCore
import Testing

@testable import Store

/// Without this the random tests could pass by never reaching the hard cases.
@Suite struct HardCasesTests {
  @Test("The random worlds reach every hard case")
  func reached() throws {
    var reached: [String: Int] = [:]
    for seed in 0..<40 as Range<UInt64> {
      let world = try World(seed: seed)
      try world.run(steps: 30)
      try world.settle(verifies: false)
      let hq = world.headquarters
      func add(_ name: String, _ count: Int) { reached[name, default: 0] += count }
      add("restored", world.restored)
      add("clones", world.nodes.count - 4)
      add("decided", world.decided)
      add("dropped", world.dropped)
      add("snapshots", world.snapshots)
      add("headquarters restored", world.headquartersRestored)
      add("clocks jumped", world.jumped)
      add("forks", try hq.count("birlik_stream WHERE parent IS NOT NULL"))
      add("refused", try world.nodes.reduce(0) { try $0 + $1.count("birlik_refused") })
      add("collides", try hq.count("birlik_conflict WHERE field='(key)'"))
      add("existence", try hq.count("birlik_conflict WHERE field='(record)'"))
      add("elements", try hq.count("birlik_conflict WHERE field LIKE '%[%'"))
      add("conflicts", try hq.count("birlik_conflict"))
      add("closed", try hq.count("birlik_conflict WHERE closed_at IS NOT NULL"))
      add("notices", try world.others.reduce(0) { try $0 + ($1.store.status().notice == nil ? 0 : 1) })
      add("later catalogs", try hq.store.catalog().version - 1)
      add("gone", try hq.count("birlik_head") - Tables(hq).rows.values.reduce(0) { $0 + $1.count })
      add("changes", Int(try hq.value("sum(last-first+1)", "birlik_segment") ?? "") ?? 0)
    }
    let least = [
      "restored": 5, "clones": 3, "decided": 5, "forks": 2, "refused": 5, "collides": 3, "existence": 2,
      "elements": 10, "conflicts": 100, "closed": 20, "notices": 3, "later catalogs": 5, "gone": 10, "changes": 400,
      "dropped": 30, "snapshots": 20, "headquarters restored": 3, "clocks jumped": 20,
    ]
    for (name, count) in least {
      let found = reached[name, default: 0]
      #expect(found >= count, "\(name) \(found)")
    }
  }
}
