import TestSupport
import Testing

@testable import Store

/// Random clerks on random files: all nodes agree, nothing is lost, totals are right after every step.
@Suite struct ConvergenceTests {
  @Test("All nodes end with equal rows, heads, conflicts and totals", arguments: 0..<24)
  func converges(batch: Int) throws {
    for number in 0..<4 {
      let seed = SeededRandom.firstSeed &+ UInt64(batch * 4 + number)
      do {
        let world = try World(seed: seed)
        try world.run(steps: 30 + number * 10)
        try world.settle(verifies: number == 0)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
  }
}
