import Limits
import enum Crypto.Curve25519
import Foundation
import Server
import Store
import SyncCore
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Node

/// New nodes that begin from a snapshot, over real HTTP and with real processes.
@Suite(.timeLimit(.minutes(5))) struct SnapshotJoinTests {
  /// Headquarters that a federation has filled, and which has deleted and disagreed.
  private func filled() async throws -> (house: House, uz: LocalNode) {
    let house = try House()
    let uz = try await house.serve { () async throws -> LocalNode in
      let uz = try await house.join("ftuu", as: "uz.db")
      for step in 0..<12 { try uz.name("ftuu-\(step)", "first") }
      try uz.link("ftuu-1", "home")
      _ = try await uz.sync()
      try uz.name("ftuu-3", "by the federation")
      try house.headquarters.name("ftuu-3", "by headquarters")
      try uz.store.remove(kind: "org_unit", key: "ftuu-4")
      _ = try await uz.sync()
      return uz
    }
    return (house, uz)
  }

  private func expectSame(_ house: House, _ nodes: LocalNode...) async throws {
    for node in nodes + nodes {
      let report = try await node.sync()
      #expect(report.outcome == .even)
    }
    for node in nodes {
      #expect(try node.isSame(as: house.headquarters))
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test("A new office begins from a snapshot and is as one that fetched the log")
  func join() async throws {
    let (house, uz) = try await filled()
    try await house.serve {
      var office = try await house.join("ftuu", office: "Samarkand", as: "sam.db")
      let byLog = try await house.join("ftuu", office: "Bukhara", as: "buk.db")
      office.snapshotUse = .always
      // Its clerk did not wait.
      try office.name("ftuu-3", "by the office")
      try office.name("ftuu-own", "own")
      let report = try await office.sync()
      #expect(report.outcome == .even && report.snapshot?.records == 13 && report.sent.changes == 2)
      #expect(report.received.changes == 0 && report.notices.isEmpty && report.conflictsOpened == 1)
      let log = try await byLog.sync()
      #expect(log.outcome == .even && log.snapshot == nil)
      #expect(
        try office.store.conflicts()
          == byLog.store.conflicts().map { mine in
            var mine = mine
            mine.openedAt = try office.store.conflicts().first?.openedAt ?? 0
            return mine
          })
      #expect(try office.name(of: "ftuu-4") == nil && office.name(of: "ftuu-own") == "own")
      try office.name("ftuu-5", "after")
      try uz.name("ftuu-5", "also after")
      try await expectSame(house, office, uz, byLog)
      #expect(try office.store.logSummary().prunedSegments > 0)
      #expect(try byLog.store.logSummary().prunedSegments == 0)
      let again = try await office.sync()
      #expect(again.snapshot == nil && again.rounds == 1)
    }
  }

  @Test("Where the log is short, or the whole log is wanted, there is no snapshot")
  func shortLog() async throws {
    let (house, _) = try await filled()
    try await house.serve {
      var office = try await house.join("ftuu", office: "Samarkand", as: "sam.db")
      var report = try await office.sync()
      #expect(report.snapshot == nil && report.outcome == .even && report.received.changes > 12)
      office = try await house.join("ftuu", office: "Bukhara", as: "buk.db")
      office.snapshotUse = .never
      report = try await office.sync()
      #expect(report.snapshot == nil && report.outcome == .even)
      #expect(try house.headquarters.store.status().conflicts == 1)
    }
  }

  @Test("Cut after any answer, with both sides started again, it goes on where it was")
  func cut() async throws {
    var (house, uz) = try await filled()
    var office = try await house.serve { [house] in
      try await house.join("ftuu", office: "Samarkand", as: "sam.db")
    }
    var cuts = 0
    for allowed in 1..<20 {
      office.snapshotUse = .always
      // One page at a time.
      office.snapshotAnswerBytes = 2
      let before = try office.store.pendingSnapshot()
      let node = office
      let report = try? await house.serve(wrap: { CuttingService($0, allowed: 1) }) { try await node.sync() }
      if let report {
        #expect(report.snapshot != nil && allowed > 2)
        break
      }
      cuts += 1
      #expect(try office.store.pendingSnapshot() != before)
      #expect(try office.name(of: "ftuu-0") == nil)
      // Others go on meanwhile.
      try await house.serve {
        try uz.name("ftuu-1", "while \(allowed) came")
        _ = try await uz.sync()
      }
      try office.store.close()
      office = try LocalNode.open(database: house.folder.file("sam.db"))
      try house.keepHeadquarters(as: "copy.db")
    }
    #expect(cuts >= 2)
    try await house.serve { [house, office] in try await expectSame(house, office, uz) }
  }

  @Test("A snapshot that was tampered with is refused in one sentence, and the log is fetched")
  func tampered() async throws {
    let (house, uz) = try await filled()
    let key = try uz.store.identity.key
    for (number, tamper) in Tampering.allCases.enumerated() {
      try await house.serve(wrap: { TamperingService($0, tamper, key: key) }) {
        var office = try await house.join("ftuu", office: "o\(number)", as: "o\(number).db")
        office.snapshotUse = .always
        let report = try await office.sync()
        #expect(report.snapshot == nil && report.outcome == .even, "\(tamper)")
        if tamper == .missingPages {
          // As when headquarters does not keep it any longer.
          #expect(report.notices.isEmpty, "\(report.notices)")
        } else {
          #expect(report.notices.count == 1, "\(tamper): \(report.notices)")
          #expect(report.notices.first?.hasPrefix("the snapshot of headquarters was not taken, because ") == true)
        }
        #expect(try office.store.logSummary().prunedSegments == 0)
        #expect(try office.isSame(as: house.headquarters))
      }
    }
  }

  @Test("Garbage, strangers and pages of others' snapshots are refused")
  func hostile() async throws {
    let (house, uz) = try await filled()
    let kz = try await house.serve { try await house.join("fprk", as: "kz.db") }
    let store = house.headquarters.store
    let mine = try #require(try store.offerSnapshot(to: uz.store.identity.role, insists: true))
    try await house.serve {
      let client = try HostileClient(house, as: kz)
      for body in [[], [0], Array("BRP1".utf8), SnapshotRequest(name: .zero, first: 0).bytes + [0]] {
        let reply = try await client.post(body, path: "/v1/snapshot")
        #expect(reply.status == 400)
      }
      var reply = try await client.post(
        SnapshotRequest(name: mine.name, first: 0).bytes, path: "/v1/snapshot")
      var answer = try SnapshotAnswer(bytes: reply.body)
      #expect(reply.status == 200 && answer.pages.isEmpty && answer.manifest == nil, "another federation's")
      // Beyond the last page there is nothing, and nothing breaks.
      let member = try HostileClient(house, as: uz)
      reply = try await member.post(
        SnapshotRequest(name: mine.name, first: WireLimits.snapshotPages).bytes, path: "/v1/snapshot")
      answer = try SnapshotAnswer(bytes: reply.body)
      #expect(reply.status == 200 && answer.pages.isEmpty)
      let unsigned = try await member.post(
        SnapshotRequest(name: .zero, first: 0).bytes, path: "/v1/snapshot", isSigned: false)
      #expect(unsigned.status == 401)
    }
  }
}

/// Headquarters that is gone after so many answers with pages.
private final class CuttingService: PassingOn {
  let inner: any HeadquartersService
  private let left: Mutex<Int>

  init(_ inner: any HeadquartersService, allowed: Int) {
    self.inner = inner
    left = Mutex(allowed)
  }

  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    let isCut = left.withLock { left in
      left -= 1
      return left < 0
    }
    return isCut
      ? .error(status: 503, code: "busy", message: "Gone.", hint: "Try again.")
      : await inner.snapshot(body, from: node)
  }
}

/// What is wrong with a snapshot.
private enum Tampering: CaseIterable {
  case alteredPage, cutPage, missingPages, cutAnswer, signedByMember, otherPageFirst
}

/// Headquarters whose snapshots somebody altered before they were signed for the way.
private final class TamperingService: PassingOn {
  let inner: any HeadquartersService
  private let tamper: Tampering
  private let key: Curve25519.Signing.PrivateKey

  init(_ inner: any HeadquartersService, _ tamper: Tampering, key: Curve25519.Signing.PrivateKey) {
    self.inner = inner
    self.tamper = tamper
    self.key = key
  }

  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    var reply = await inner.snapshot(body, from: node)
    guard var answer = try? SnapshotAnswer(bytes: reply.body), !answer.pages.isEmpty else { return reply }
    switch tamper {
    case .alteredPage: answer.pages[0][answer.pages[0].count / 2] ^= 1
    case .cutPage: answer.pages[0].removeLast()
    case .missingPages: answer.pages = []
    case .cutAnswer: break
    case .otherPageFirst: answer.pages.swapAt(0, 1)
    case .signedByMember:
      guard let headquarters = try? await inner.publicKey(of: signer().keyID), let bytes = answer.manifest,
        let manifest = try? SnapshotManifest(bytes: bytes, signedBy: headquarters),
        let forged = try? SnapshotManifest.issue(
          federation: manifest.federation, takenAt: manifest.takenAt, catalogVersion: manifest.catalogVersion,
          frontier: manifest.frontier, pages: manifest.pages, by: key)
      else { return reply }
      answer.manifest = forged.bytes
    }
    reply.body = tamper == .cutAnswer ? Array(answer.bytes.dropLast()) : answer.bytes
    return reply
  }
}
