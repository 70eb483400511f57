import Limits
import SyncCore
import Testing

@testable import Wire

@Suite("Catalog bytes")
struct CatalogCodecTests {
  @Test("a catalog with every feature comes out as it went in, always with the same bytes")
  func roundTrip() throws {
    let key = try Samples.key(0)
    for catalog in [
      CatalogSamples.full, CatalogSamples.small, Catalog(version: 0, title: "", kinds: [], indicators: []),
    ] {
      let published = try PublishedCatalog.sign(catalog, by: key)
      #expect(published.catalog == catalog)
      #expect(try PublishedCatalog(bytes: published.bytes, signedBy: Samples.publicKey(0)) == published)
      #expect(try PublishedCatalog(stored: published.bytes) == published)
      #expect(try PublishedCatalog.sign(catalog, by: key).bytes.dropLast(64) == published.bytes.dropLast(64))
    }
  }

  @Test("retired ids are written in one order")
  func retired() throws {
    var catalog = CatalogSamples.small
    catalog.retiredKinds = [7, 3, 9]
    #expect(try PublishedCatalog.sign(catalog, by: Samples.key(0)).catalog.retiredKinds == [3, 7, 9])
  }

  @Test("a catalog without derivations keeps the form that the first programs read, and an unknown form is refused")
  func forms() throws {
    let key = try Samples.key(0)
    #expect(try PublishedCatalog.sign(CatalogSamples.small, by: key).bytes.first == 1)
    var bytes = try PublishedCatalog.sign(CatalogSamples.full, by: key).bytes
    #expect(bytes.first == 2)
    bytes[0] = 4
    let refusal = #expect(throws: WireError.self) { try PublishedCatalog(stored: bytes) }
    #expect(refusal?.code == .unsupported && refusal?.detail.contains("upgrade birlik") == true)
    // One form for one catalog: the second without a derivation is none, nor the third without an observer.
    for form in [2, 3] as [UInt8] {
      var plain = try PublishedCatalog.sign(CatalogSamples.small, by: key).bytes
      plain[0] = form
      for _ in 1..<form { plain.insert(0, at: plain.count - 64) }
      #expect(throws: WireError.self) { try PublishedCatalog(stored: plain) }
    }
    var observed = CatalogSamples.small
    observed.observers = [Observer(federation: "ftuk", readsMembers: true, writesOpen: false)]
    let signed = try PublishedCatalog.sign(observed, by: key)
    #expect(try signed.bytes.first == 3 && PublishedCatalog(stored: signed.bytes).catalog == observed)
  }

  @Test("another signer or an altered byte is refused")
  func forgeries() throws {
    let bytes = try PublishedCatalog.sign(CatalogSamples.small, by: Samples.key(0)).bytes
    #expect(throws: WireError.self) { try PublishedCatalog(bytes: bytes, signedBy: Samples.publicKey(1)) }
    for place in bytes.indices {
      var altered = bytes
      altered[place] ^= 1 << (place % 8)
      #expect(throws: WireError.self, "byte \(place)") {
        try PublishedCatalog(bytes: altered, signedBy: Samples.publicKey(0))
      }
      _ = try? PublishedCatalog(stored: altered)
    }
  }

  @Test("a catalog that could not be read is not signed")
  func unreadable() throws {
    var tooMany = CatalogSamples.small
    tooMany.kinds[0].fields = (1...62).map { Field(id: FieldID($0), name: "f\($0)", type: .text) }
    var longName = CatalogSamples.small
    longName.kinds[0].name = String(repeating: "x", count: WireLimits.nameBytes + 1)
    var manyKeys = CatalogSamples.small
    manyKeys.kinds[0].key = Array(repeating: KeyColumn(name: "k", type: .text), count: WireLimits.keyColumns + 1)
    var tooLarge = CatalogSamples.small
    let codes = (0..<8000).map { "\($0)" + String(repeating: "y", count: 200) }
    tooLarge.kinds[0].fields[0].type = .code(codes)
    for catalog in [tooMany, longName, manyKeys, tooLarge] {
      #expect(throws: WireError.self) { try PublishedCatalog.sign(catalog, by: Samples.key(0)) }
    }
  }

  @Test("a catalog that can be signed can travel, to the last byte")
  func size() throws {
    for excess in [0, 1, 64] {
      var catalog = CatalogSamples.small
      func encoded() -> Int {
        var writer = ByteWriter()
        CatalogCodec.encode(catalog, into: &writer)
        return writer.bytes.count
      }
      let target = WireLimits.catalogBytes - 64 + excess
      var codes = [String](repeating: String(repeating: "y", count: 200), count: 5180)
      catalog.kinds[0].fields[0].type = .code(codes)
      while target - encoded() > 258 {
        codes.append(String(repeating: "y", count: 200))
        catalog.kinds[0].fields[0].type = .code(codes)
      }
      while encoded() < target {
        codes.append(String(repeating: "z", count: max(0, min(120, target - encoded() - 1))))
        catalog.kinds[0].fields[0].type = .code(codes)
      }
      #expect(encoded() == target)
      guard excess == 0 else {
        #expect(throws: WireError.self, "\(excess)") { try PublishedCatalog.sign(catalog, by: Samples.key(0)) }
        continue
      }
      let bytes = try PublishedCatalog.sign(catalog, by: Samples.key(0)).bytes
      let answer = ExchangeAnswer(now: 0, frontierDigest: .zero, catalog: bytes)
      #expect(try ExchangeAnswer(bytes: answer.bytes).catalog == bytes)
    }
  }
}
