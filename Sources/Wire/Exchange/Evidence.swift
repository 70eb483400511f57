import Limits
import SyncCore

/// What one node gives to another so that both can compare what headquarters showed them: its card, what it holds of the
/// open channels, and the receipts that headquarters signed. It holds no row, no text and no name but the node's.
public struct Evidence: Equatable, Sendable {
  static let magic = Array("BRE1".utf8)

  /// The card of the node.
  public var card: NodeCard
  /// What the node holds of the open channels, in ascending order.
  public var open: [FrontierEntry]
  /// In the order in which the node received them.
  public var receipts: [Receipt]

  public init(card: NodeCard, open: [FrontierEntry], receipts: [Receipt]) {
    self.card = card
    self.open = open
    self.receipts = receipts
  }

  /// The latest receipt whose digest is that of `open`: headquarters signed that it holds exactly this.
  public var binding: Receipt? {
    let digest = Digest(of: open)
    return receipts.last { $0.openDigest == digest }
  }

  /// The evidence as a file holds it.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.sized(card.bytes)
    FrontierCodec.encode(open, into: &writer)
    FrontierCodec.encode(list: receipts.map(\.bytes), into: &writer)
    return writer.bytes
  }

  /// Reads evidence, and checks that headquarters signed the card and every receipt and that all are of one node.
  ///
  /// - Throws: `WireError` for anything else.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading evidence")
    try reader.magic(Self.magic)
    card = try NodeCard(
      bytes: Array(try reader.sized(limit: WireLimits.cardBytes, of: "a card")), signedBy: headquarters)
    open = try FrontierCodec.decode(&reader)
    receipts = []
    for bytes in try FrontierCodec.decodeList(
      &reader, limit: WireLimits.receiptsPerEvidence, bytes: WireLimits.receiptBytes, of: "receipts")
    {
      receipts.append(try Receipt(bytes: bytes, signedBy: headquarters))
    }
    try reader.finish()
    guard receipts.allSatisfy({ $0.node == card.id }), open.allSatisfy({ $0.channel.audience == .open }) else {
      throw reader.error(.malformed, "it holds a receipt of another node, or a channel that is not open")
    }
  }
}
