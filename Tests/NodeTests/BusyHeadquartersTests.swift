import Server
import Store
import SyncCore
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Node

/// A headquarters that has too much to do for a while.
@Suite(.timeLimit(.minutes(20))) struct BusyHeadquartersTests {
  /// Answers so many exchanges with `busy` before it does its work.
  private struct Busy: PassingOn {
    let inner: any HeadquartersService
    let refusals = Counter()
    let limit: Int

    func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
      refusals.next() <= limit ? .busy(retryAfterSeconds: 0) : await inner.exchange(body, from: node)
    }
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
      count.withLock { count in
        count += 1
        return count
      }
    }
  }

  private func reopened(_ node: LocalNode, waiting: Duration) throws -> LocalNode {
    try node.store.close()
    return try LocalNode.open(database: node.store.path, waiting: waiting)
  }

  @Test("A sync waits for a busy headquarters and goes on; without time to wait it ends with busy")
  func waits() async throws {
    let house = try House()
    var uz = try await house.serve { try await house.join("ftuu", as: "uz.db") }
    try uz.name("ftuu-1", "x")
    try await house.serve(wrap: { Busy(inner: $0, limit: 5) }) {
      let error = await #expect(throws: NodeError.self) { try await uz.sync() }
      #expect(error?.code == .busy)
      uz = try reopened(uz, waiting: .seconds(60))
      #expect(try await uz.sync().outcome == .even)
      #expect(try uz.isSame(as: house.headquarters))
    }
  }

  @Test("Twelve members that sync at once all end in sync")
  func crowd() async throws {
    let house = try House()
    try await house.serve {
      var members: [LocalNode] = []
      for number in 0..<12 {
        let node = try await house.join("ftuu", office: "office \(number)", as: "\(number).db")
        members.append(try reopened(node, waiting: .seconds(60)))
        for edit in 0..<5 { try members[number].name("o\(number)-\(edit)", "x") }
      }
      let outcomes = try await withThrowingTaskGroup(of: SyncReport.Outcome.self) { group in
        for member in members { group.addTask { try await member.sync().outcome } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes == Array(repeating: .even, count: 12))
      for member in members { #expect(try await member.sync().outcome == .even) }
      #expect(try members.allSatisfy { try $0.isSame(as: house.headquarters) })
    }
  }
}
