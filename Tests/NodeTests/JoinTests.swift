import enum Crypto.Curve25519
import Foundation
import struct HTTPTypes.HTTPFields
import Server
import Store
import SyncCore
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

@testable import Node

/// Invitations: valid once, for one node, for a while.
@Suite(.timeLimit(.minutes(20))) struct JoinTests {
  @Test("Used, expired and guessed invitations are refused alike, and leave nothing behind")
  func refusedInvitations() async throws {
    let house = try House()
    let store = house.headquarters.store
    try await house.serve {
      let used = try house.headquarters.invite(federation: "ftuu", office: nil, minutes: 15, url: nil)
      _ = try await LocalNode.join(invitation: used, database: house.folder.file("uz.db"))
      let expired = [UInt8](repeating: 7, count: Invitation.tokenBytes)
      try store.addInvitation(token: expired, federation: "ftuu", name: "ftuu", expiresAt: SystemClock.now() - 1)
      let guessed = [UInt8](repeating: 8, count: Invitation.tokenBytes)
      func line(_ token: [UInt8]) -> String {
        Invitation(
          url: house.url, headquarters: store.identity.headquarters, token: token, federation: "ftuu", name: "ftuu"
        ).line
      }
      var errors: [NodeError] = []
      for line in [used, line(expired), line(guessed)] {
        do {
          _ = try await LocalNode.join(invitation: line, database: house.folder.file("new.db"))
          Issue.record("joined")
        } catch let error as NodeError {
          errors.append(error)
        }
        #expect(!FileManager.default.fileExists(atPath: house.folder.file("new.db")))
        #expect(!FileManager.default.fileExists(atPath: house.folder.file("new.db.key")))
      }
      #expect(errors.count == 3 && errors.allSatisfy { $0 == errors[0] && $0.code == .denied })
      #expect(try store.cards().count == 2)
    }
  }

  @Test("The same node that asks again within the time gets the same card")
  func askedTwice() async throws {
    let house = try House()
    try await house.serve {
      let line = try house.headquarters.invite(federation: "ftuu", office: "Bukhara", minutes: 15, url: nil)
      let invitation = try Invitation(line: line)
      let key = Curve25519.Signing.PrivateKey()
      let body = JoinRequest(token: invitation.token, publicKey: Array(key.publicKey.rawRepresentation)).bytes
      let client = HeadquartersClient(
        url: invitation.url, trust: invitation.trust, headquarters: invitation.headquarters, signer: nil)
      let first = try JoinAnswer(bytes: try await client.post("/v1/join", body))
      let second = try JoinAnswer(bytes: try await client.post("/v1/join", body))
      #expect(first.card == second.card)
      #expect(try NodeCard(bytes: first.card, signedBy: invitation.headquarters).name == "ftuu/Bukhara")
      let other = JoinRequest(
        token: invitation.token, publicKey: Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation)
      ).bytes
      await #expect {
        _ = try await client.post("/v1/join", other)
      } throws: {
        ($0 as? NodeError)?.code == .denied
      }
      #expect(try house.headquarters.store.cards().count == 2)
    }
  }

  @Test("When the answer to joining is lost, the same invitation still makes the same node")
  func lostAnswer() async throws {
    let house = try House()
    let database = house.folder.file("uz.db")
    let line = try house.headquarters.invite(federation: "ftuu", office: nil, minutes: 15, url: nil)
    try await house.serve(wrap: { LosingAnswers($0, count: 2) }) {
      for _ in 0..<2 {
        await #expect {
          _ = try await LocalNode.join(invitation: line, database: database)
        } throws: {
          ($0 as? NodeError)?.code == .busy
        }
        #expect(!FileManager.default.fileExists(atPath: database))
      }
      let node = try await LocalNode.join(invitation: line, database: database)
      #expect(try house.headquarters.store.cards().map(\.id).contains(node.store.identity.node))
      #expect(try house.headquarters.store.cards().count == 2)
      try node.name("ftuu-1", "a")
      #expect(try await node.sync().outcome == .even)
      #expect(try LocalNode.open(database: database).isSame(as: house.headquarters))
    }
  }

  @Test("When headquarters is away nothing is left behind")
  func headquartersAway() async throws {
    let house = try House()
    let line = try house.headquarters.invite(federation: "ftuu", office: nil, minutes: 15, url: nil)
    let database = house.folder.file("uz.db")
    await #expect {
      _ = try await LocalNode.join(invitation: line, database: database)
    } throws: {
      ($0 as? TransportError)?.code == .unreachable
    }
    #expect(!FileManager.default.fileExists(atPath: database + ".key"))
    try await house.serve {
      let node = try await LocalNode.join(invitation: line, database: database)
      #expect(try await node.sync().outcome == .even)
    }
  }

  @Test("Garbage in place of a request to join is refused")
  func garbage() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let whole = JoinRequest(
        token: [UInt8](repeating: 1, count: Invitation.tokenBytes), publicKey: [UInt8](repeating: 2, count: 32)
      ).bytes
      for body in [[], [0], Array("BRJ1".utf8), whole + [0], Array(whole.dropLast())] {
        let reply = try await client.post(body, path: "/v1/join", isSigned: false)
        #expect(reply.status == 400)
      }
      let guessed = try await client.post(whole, path: "/v1/join", isSigned: false)
      #expect(guessed.status == 403 && guessed.code == "bad_invitation")
      // Announced with another digest than its own.
      let other = try await client.post(whole, path: "/v1/join", isSigned: false) {
        $0.headers = [.contentDigest: ContentDigest.header(for: [1])]
      }
      #expect(other.status == 401 && other.code == "denied")
    }
  }
}

/// Headquarters whose first answers to joining get lost after the work was done.
private final class LosingAnswers: PassingOn {
  let inner: any HeadquartersService
  private let left: Mutex<Int>

  init(_ inner: any HeadquartersService, count: Int) {
    self.inner = inner
    left = Mutex(count)
  }

  func join(_ body: [UInt8]) async -> ServiceAnswer {
    let answer = await inner.join(body)
    let isLost = left.withLock { left in
      left -= 1
      return left >= 0
    }
    return isLost ? .error(status: 503, code: "busy", message: "Lost.", hint: "Try again.") : answer
  }
}
