import Foundation
import SyncCore
import Testing
import Wire

@testable import Store

/// How a node follows what headquarters states in the log of its server's keys.
@Suite(.timeLimit(.minutes(20))) struct ServerTrustTests {
  private func pin(_ number: UInt8) -> Digest { Digest(sha256: [number]) }

  private func key(_ number: UInt8, _ state: ServerKey.State, from: Int64) -> ServerKey {
    ServerKey(pin: Data(pin(number).bytes).base64EncodedString(), state: state, from: from)
  }

  private func trust(_ pins: [UInt8], needsAuthority: Bool = false, at issuedAt: Int64 = 100) throws -> ServerTrust {
    try ServerTrust(pins: pins.map(pin), needsAuthority: needsAuthority, issuedAt: issuedAt)
  }

  @Test("An announced key is accepted beside the present one, and a retired one no more")
  func announcedAndRetired() throws {
    let known = try trust([1])
    let announced = [key(1, .current, from: 101), key(2, .announced, from: 900)]
    #expect(try known.following(announced)?.pins == [pin(2), pin(1)])
    let switched = [key(1, .retired, from: 200), key(2, .current, from: 200)]
    #expect(try known.following(switched)?.pins == [pin(2)])
    #expect(try known.following(announced)?.following(switched)?.pins == [pin(2)])
    #expect(try known.following([])?.pins == [pin(1)])
  }

  @Test("What was stated before the line or the invitation changes nothing")
  func saidEarlier() throws {
    let log = [key(1, .retired, from: 50), key(2, .current, from: 50)]
    // A restored headquarters went back to a key that it had retired, and stated so.
    #expect(try trust([1]).following(log)?.pins == [pin(1)])
    #expect(try trust([1], at: 49).following(log)?.pins == [pin(2)])
  }

  @Test("A node never ends with no key at all, nor with more than there is room for")
  func bounds() throws {
    #expect(try trust([1]).following([key(1, .retired, from: 200)]) == nil)
    let many = (10..<90).map { key($0, .announced, from: Int64($0) + 200) }
    let followed = try #require(try trust([1, 2]).following(many))
    #expect(followed.pins == [89, 88, 87, 86].map(pin))
    #expect(followed.issuedAt == 100)
  }

  @Test(
    "Nonsense among the keys is passed over",
    arguments: ["", "AAAA", "not base64 !", String(repeating: "A", count: 88)])
  func nonsense(text: String) throws {
    let keys = [ServerKey(pin: text, state: .current, from: 200), key(2, .current, from: 201)]
    #expect(try trust([1]).following(keys)?.pins == [pin(2), pin(1)])
  }

  @Test("Whoever goes by an authority alone needs no keys; with pins beside it both go on")
  func authorities() throws {
    let keys = [key(2, .current, from: 200)]
    #expect(try ServerTrust.authority.following(keys) == nil)
    let followed = try #require(try trust([1], needsAuthority: true).following(keys))
    #expect(followed.needsAuthority && followed.pins == [pin(2), pin(1)])
  }
}
