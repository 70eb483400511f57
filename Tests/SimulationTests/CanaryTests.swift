import Testing

@testable import Simulation

/// Checks that never fail prove nothing: with one rule broken they have to.
@Suite struct CanaryTests {
  @Test("A broken rule is found within 1,000 seeds", arguments: Canary.allCases)
  func isCaught(canary: Canary) async {
    let sweep = await SeedSweep(0..<1000, jobs: 2, canary: canary, stopsAtFailure: true)
    #expect(!sweep.failures.isEmpty)
  }

  @Test("The shortest failing history is much shorter, and fails alike when it is played again")
  func isShortened() async throws {
    let sweep = await SeedSweep(0..<1000, jobs: 2, canary: .keepsSeenHeads, stopsAtFailure: true)
    let seed = try #require(sweep.failures.first?.seed)
    let shortening = try #require(Shortening(History(seed: seed), canary: .keepsSeenHeads))
    #expect(shortening.history.steps.count <= 12)
    #expect(Run(shortening.history, canary: .keepsSeenHeads).problem == shortening.problem)
    var lines: [String] = []
    _ = Run(shortening.history, canary: .keepsSeenHeads) { lines.append($0) }
    #expect(lines.count >= shortening.history.steps.count)
  }
}
