import Testing

@testable import Simulation

@Suite struct RunTests {
  @Test("300 random histories break no promise")
  func holds() async {
    let sweep = await SeedSweep(0..<300, jobs: 2)
    #expect(sweep.failures == [])
    #expect(sweep.count == 300)
    #expect(sweep.nodeYears > 50)
  }

  @Test("One seed gives one run, bit for bit, whatever else runs", arguments: [7, 204, 1971] as [UInt64])
  func isDeterministic(seed: UInt64) async {
    let alone = Run(History(seed: seed))
    let again = Run(History(seed: seed))
    #expect(alone.fingerprint == again.fingerprint)
    #expect(alone.coverage == again.coverage)
    let one = await SeedSweep(seed..<(seed + 30), jobs: 1)
    let many = await SeedSweep(seed..<(seed + 30), jobs: 3)
    #expect(one.fingerprint == many.fingerprint)
    #expect(one.coverage == many.coverage)
  }

  @Test("A step left out changes no other")
  func stepsAreIndependent() {
    let history = History(seed: 11)
    var shorter = history
    shorter.steps.removeFirst()
    #expect(shorter.steps == Array(history.steps.dropFirst()))
    #expect(Run(shorter).problem == nil)
  }
}
