import Crypto
import Limits
import SyncCore

/// Headquarters' signed description of one snapshot of heads: for whom it is, its frontier, and its pages.
///
/// A snapshot brings a node to a frontier without the changes that led there. Its name is the hash of the manifest, which
/// lists every page by its hash: so pages that were fetched in several requests are certainly of one snapshot.
public struct SnapshotManifest: Equatable, Sendable {
  static let domain = Array("birlik.snapshot.v1\0".utf8)
  private static let reading = "reading a snapshot's manifest"

  /// One page as it travels.
  public struct Page: Equatable, Sendable {
    /// Bytes as they travel.
    public var size: Int
    /// Bytes when unpacked.
    public var content: Int
    /// SHA-256 of the bytes as they travel.
    public var digest: Digest

    public init(size: Int, content: Int, digest: Digest) {
      self.size = size
      self.content = content
      self.digest = digest
    }
  }

  /// The federation whose nodes may read what the snapshot holds.
  public let federation: String
  /// When it was made, in milliseconds since 1970 by headquarters' clock.
  public let takenAt: Int64
  /// The version of headquarters' catalog at that time.
  public let catalogVersion: Int
  /// The tips of every stream that the federation's nodes may read.
  public let frontier: [FrontierEntry]
  /// In the order in which they have to be read.
  public let pages: [Page]
  /// The whole manifest with the signature, as it travels.
  public let bytes: [UInt8]

  /// The name of the snapshot: the hash of the manifest.
  public var name: Digest { Digest(sha256: bytes) }

  /// The bytes of all pages.
  public var size: Int { pages.reduce(0) { $0 + $1.size } }

  /// Signs a manifest with headquarters' key.
  ///
  /// - Throws: `WireError` when a limit is exceeded, or the key does not sign.
  public static func issue(
    federation: String, takenAt: Int64, catalogVersion: Int, frontier: [FrontierEntry], pages: [Page],
    by key: Curve25519.Signing.PrivateKey
  ) throws(WireError) -> SnapshotManifest {
    var writer = ByteWriter()
    writer.byte(1)
    writer.text(federation)
    writer.zigzag(takenAt)
    writer.count(catalogVersion)
    FrontierCodec.encode(frontier, into: &writer)
    writer.count(pages.count)
    for page in pages {
      writer.count(page.size)
      writer.count(page.content)
      writer.digest(page.digest)
    }
    guard let signature = try? key.signature(for: domain + writer.bytes) else {
      throw WireError(.badSignature, "signing a snapshot", "the private key does not sign")
    }
    writer.raw(Array(signature))
    return try SnapshotManifest(bytes: writer.bytes, signedBy: Array(key.publicKey.rawRepresentation))
  }

  /// Reads a manifest and checks headquarters' signature.
  ///
  /// - Throws: `WireError` for anything but a whole manifest signed by that key.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    guard bytes.count <= WireLimits.manifestBytes else {
      throw WireError(.tooLarge, Self.reading, "it has \(bytes.count) bytes")
    }
    var reader = ByteReader(bytes, operation: Self.reading)
    guard try reader.byte() == 1 else { throw WireError(.unsupported, Self.reading, "it has an unknown version") }
    federation = try reader.text(limit: FederationCode.maximumLength, of: "a federation")
    takenAt = try reader.zigzag()
    catalogVersion = try reader.count(limit: WireLimits.catalogVersion, of: "catalog versions")
    frontier = try FrontierCodec.decode(&reader)
    var pages: [Page] = []
    for _ in 0..<(try reader.count(limit: WireLimits.snapshotPages, of: "pages")) {
      let size = try reader.count(limit: WireLimits.pageBytes, of: "bytes of a page")
      let content = try reader.count(limit: WireLimits.pageContentBytes, of: "bytes of a page's content")
      pages.append(Page(size: size, content: content, digest: try reader.digest()))
    }
    self.pages = pages
    let signedCount = bytes.count - reader.remaining
    let signature = Array(try reader.raw(Signature.byteCount))
    try reader.finish()
    guard Signature.isValid(signature, of: Self.domain + bytes.prefix(signedCount), by: headquarters) else {
      throw WireError(
        .badSignature, Self.reading, "headquarters did not sign it",
        hint: "a node accepts snapshots from its own headquarters only; nothing of it was installed")
    }
    guard FederationCode.isValid(federation) else {
      throw WireError(.malformed, Self.reading, "its federation is not valid")
    }
    self.bytes = bytes
  }
}
