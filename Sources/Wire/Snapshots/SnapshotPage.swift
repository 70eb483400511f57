import Limits
import SyncCore

/// One page of a snapshot: cards, a part of the streams' skeleton, or heads.
public enum SnapshotPage: Equatable, Sendable {
  /// Cards of the authors of the segments that follow.
  case cards([[UInt8]])
  /// Segments without their bodies, in causal order.
  case skeleton([SkeletonEntry])
  /// Heads of records.
  case heads([HeadsEntry])
  /// Heads of records that changed while the snapshot was made. They replace those of the same records in later pages.
  case amendments([HeadsEntry])

  static let reading = "reading a page of a snapshot"

  private var form: UInt8 {
    switch self {
    case .cards: 1
    case .skeleton: 2
    case .heads: 3
    case .amendments: 4
    }
  }

  /// The page before it is packed.
  package var content: [UInt8] {
    var writer = ByteWriter()
    writer.byte(form)
    switch self {
    case .cards(let cards): FrontierCodec.encode(list: cards, into: &writer)
    case .skeleton(let entries): SkeletonCodec.encode(entries, into: &writer)
    case .heads(let entries), .amendments(let entries): HeadsCodec.encode(entries, into: &writer)
    }
    return writer.bytes
  }

  /// The page as it travels, and its entry in a manifest.
  ///
  /// - Throws: `WireError` with code `tooLarge` for one that no node would accept.
  public func packed() throws(WireError) -> (bytes: [UInt8], entry: SnapshotManifest.Page) {
    let content = content
    let packed = Zstandard.compress(content)
    let bytes = [packed == nil ? 0 : 1] + (packed ?? content)
    guard content.count <= WireLimits.pageContentBytes, bytes.count <= WireLimits.pageBytes else {
      throw WireError(.tooLarge, "packing a page of a snapshot", "it takes \(content.count) bytes")
    }
    let entry = SnapshotManifest.Page(size: bytes.count, content: content.count, digest: Digest(sha256: bytes))
    return (bytes, entry)
  }

  /// Reads a page.
  ///
  /// - Parameter entry: its entry in the manifest.
  /// - Throws: `WireError` for anything but that page, whole and unaltered.
  public init(bytes: [UInt8], _ entry: SnapshotManifest.Page) throws(WireError) {
    guard bytes.count == entry.size, Digest(sha256: bytes) == entry.digest else {
      throw WireError(
        .altered, Self.reading, "it is not the one that the manifest names", hint: "fetch it again with `birlik sync`")
    }
    guard entry.content <= WireLimits.pageContentBytes, let packing = bytes.first else {
      throw WireError(.tooLarge, Self.reading, "its size is impossible")
    }
    let content: [UInt8]
    switch packing {
    case 0: content = Array(bytes.dropFirst())
    case 1:
      guard let unpacked = Zstandard.decompress(bytes.dropFirst(), size: entry.content) else {
        throw WireError(.malformed, Self.reading, "it does not unpack")
      }
      content = unpacked
    default: throw WireError(.unsupported, Self.reading, "it is packed in an unknown way")
    }
    guard content.count == entry.content else { throw WireError(.malformed, Self.reading, "it has another size") }
    try self.init(content: content)
  }

  /// Reads a page's content. The fuzzer starts here, because only headquarters' signed manifest leads here.
  package init(content: [UInt8]) throws(WireError) {
    var reader = ByteReader(content, operation: Self.reading)
    switch try reader.byte() {
    case 1:
      self = .cards(
        try FrontierCodec.decodeList(
          &reader, limit: WireLimits.cardsPerMessage, bytes: WireLimits.cardBytes, of: "cards"))
    case 2: self = .skeleton(try SkeletonCodec.decode(&reader))
    case 3: self = .heads(try HeadsCodec.decode(&reader))
    case 4: self = .amendments(try HeadsCodec.decode(&reader))
    default: throw WireError(.unsupported, Self.reading, "it holds something unknown")
    }
    try reader.finish()
  }
}
