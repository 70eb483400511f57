import Limits
import SyncCore

/// What a node sends in `POST /v1/snapshot`.
public struct SnapshotRequest: Equatable, Sendable {
  static let magic = Array("BRP1".utf8)

  /// The snapshot that the node is fetching; zero for whatever headquarters offers.
  public var name: Digest
  /// The number of the first page that is requested, from 0.
  public var first: Int
  /// How many bytes the answer may have.
  public var answerLimit: Int
  /// True to get a snapshot even where the log is not much longer.
  public var insists: Bool

  public init(name: Digest, first: Int, answerLimit: Int = WireLimits.messageBytes, insists: Bool = false) {
    self.name = name
    self.first = first
    self.answerLimit = answerLimit
    self.insists = insists
  }

  /// The request as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.digest(name)
    writer.count(first)
    writer.count(answerLimit)
    writer.byte(insists ? 1 : 0)
    return writer.bytes
  }

  /// Reads a request.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading a request for a snapshot")
    try reader.magic(Self.magic)
    name = try reader.digest()
    first = try reader.count(limit: WireLimits.snapshotPages, of: "pages")
    answerLimit = min(Int(clamping: try reader.varint()), WireLimits.messageBytes)
    let mark = try reader.byte()
    guard mark <= 1 else { throw reader.error(.malformed, "a mark is neither 0 nor 1") }
    insists = mark == 1
    try reader.finish()
  }
}

/// What headquarters answers to `POST /v1/snapshot`.
public struct SnapshotAnswer: Equatable, Sendable {
  static let magic = Array("BRQ1".utf8)

  /// Now by headquarters' clock, in milliseconds since 1970.
  public var now: Int64
  /// The manifest, unless the request named it. Nil without pages means that the node should fetch the log instead.
  public var manifest: [UInt8]?
  /// Pages in order, from the first that was requested; as many as fit.
  public var pages: [[UInt8]]

  public init(now: Int64, manifest: [UInt8]? = nil, pages: [[UInt8]] = []) {
    self.now = now
    self.manifest = manifest
    self.pages = pages
  }

  /// The answer as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.zigzag(now)
    writer.byte(manifest == nil ? 0 : 1)
    if let manifest { writer.sized(manifest) }
    FrontierCodec.encode(list: pages, into: &writer)
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading an answer with a snapshot")
    guard bytes.count <= WireLimits.messageBytes else { throw reader.error(.tooLarge, "it has \(bytes.count) bytes") }
    try reader.magic(Self.magic)
    now = try reader.zigzag()
    let mark = try reader.byte()
    guard mark <= 1 else { throw reader.error(.malformed, "a mark is neither 0 nor 1") }
    manifest = mark == 1 ? Array(try reader.sized(limit: WireLimits.manifestBytes, of: "a manifest")) : nil
    pages = try FrontierCodec.decodeList(
      &reader, limit: WireLimits.snapshotPages, bytes: WireLimits.pageBytes, of: "pages")
    try reader.finish()
  }
}
