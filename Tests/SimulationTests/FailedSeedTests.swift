import Foundation
import Testing

@testable import Simulation

/// Every seed that once failed is played again.
@Suite struct FailedSeedTests {
  static let seeds: [UInt64] = {
    guard let file = Bundle.module.url(forResource: "failed-seeds", withExtension: "txt"),
      let text = try? String(contentsOf: file, encoding: .utf8)
    else { return [] }
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .compactMap { line in line.split(separator: " ").first.flatMap { UInt64($0) } }
  }()

  @Test("The list can be read")
  func isRead() { #expect(!Self.seeds.isEmpty) }

  @Test("A seed that once broke a promise breaks none", arguments: seeds)
  func holds(seed: UInt64) {
    #expect(Run(History(seed: seed)).problem == nil)
  }
}
