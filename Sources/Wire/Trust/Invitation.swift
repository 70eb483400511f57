import Limits
import SyncCore

/// One line that lets one node join, once.
///
/// ```
/// birlik1:AQEgZnR1dQ…
/// ```
public struct Invitation: Equatable, Sendable {
  static let prefix = "birlik1:"
  /// Bytes of the one-time secret.
  public static let tokenBytes = 16

  /// Where headquarters listens, such as `http://127.0.0.1:8650`.
  public var url: String
  /// How the node recognizes the server there.
  public var trust: ServerTrust
  /// The 32 bytes of headquarters' Ed25519 key, with which the node checks everything that follows.
  public var headquarters: [UInt8]
  /// The one-time secret.
  public var token: [UInt8]
  /// The code of the node's federation.
  public var federation: String
  /// What the node will be called, such as `ftuu/Samarkand`.
  public var name: String

  public init(
    url: String, trust: ServerTrust = .authority, headquarters: [UInt8], token: [UInt8], federation: String,
    name: String
  ) {
    self.url = url
    self.trust = trust
    self.headquarters = headquarters
    self.token = token
    self.federation = federation
    self.name = name
  }

  /// The line that people copy.
  public var line: String {
    var writer = ByteWriter()
    // The first form has no pins. It is used where there are none, because older programs read it.
    let isFirstForm = trust == .authority
    writer.byte(isFirstForm ? 1 : 2)
    writer.text(url)
    writer.raw(headquarters)
    writer.raw(token)
    writer.text(federation)
    writer.text(name)
    if !isFirstForm { trust.write(to: &writer) }
    return HandedLine.text(Self.prefix, writer.bytes)
  }

  /// Reads the line, also as mail programs make it: wrapped, quoted, between other words.
  ///
  /// - Throws: `WireError` with code `badInvitation` for anything that does not hold exactly one whole one.
  public init(line: String) throws(WireError) {
    let operation = "reading the invitation"
    let hint = "copy the whole line that `birlik invite` printed"
    let bytes: [UInt8]
    switch HandedLine.find(Self.prefix, in: line) {
    case .one(let found): bytes = found
    case .several:
      throw WireError(
        .badInvitation, operation, "the text holds several invitations", hint: "copy only one of them")
    case .broken: throw WireError(.badInvitation, operation, "it is not a whole invitation", hint: hint)
    case .nothing:
      let isServerLine = HandedLine.find(ServerCard.prefix, in: line) != .nothing
      throw WireError(
        .badInvitation, operation, "it is not a whole invitation",
        hint: isServerLine
          ? "this is the line of headquarters' server, which `birlik pin` takes"
          : "an invitation begins with \(Self.prefix); " + hint)
    }
    do throws(WireError) {
      var reader = ByteReader(bytes, operation: operation)
      let form = try reader.byte()
      guard form == 1 || form == 2 else { throw WireError(.unsupported, operation, "it has an unknown version") }
      url = try reader.text(limit: WireLimits.addressBytes, of: "an address")
      headquarters = Array(try reader.raw(Signature.keyByteCount))
      token = Array(try reader.raw(Self.tokenBytes))
      federation = try reader.text(limit: FederationCode.maximumLength, of: "a federation")
      name = try reader.text(limit: WireLimits.nameBytes, of: "a name")
      trust = form == 1 ? .authority : try ServerTrust(from: &reader)
      try reader.finish()
      // Every invitation has one spelling.
      guard form == 1 || trust != .authority else { throw WireError(.malformed, operation, "it has the wrong form") }
    } catch {
      throw WireError(.badInvitation, operation, error.detail, hint: hint)
    }
  }
}

/// What a new node sends in `POST /v1/join`.
public struct JoinRequest: Equatable, Sendable {
  static let magic = Array("BRJ1".utf8)

  /// The one-time secret of the invitation.
  public var token: [UInt8]
  /// The 32 bytes of the new node's Ed25519 key.
  public var publicKey: [UInt8]

  public init(token: [UInt8], publicKey: [UInt8]) {
    self.token = token
    self.publicKey = publicKey
  }

  /// The request as it travels.
  public var bytes: [UInt8] { Self.magic + token + publicKey }

  /// Reads a request.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading a join request")
    try reader.magic(Self.magic)
    token = Array(try reader.raw(Invitation.tokenBytes))
    publicKey = Array(try reader.raw(Signature.keyByteCount))
    try reader.finish()
  }
}

/// What headquarters answers to `POST /v1/join`: the card of the new node, its own card, and the catalog.
public struct JoinAnswer: Equatable, Sendable {
  static let magic = Array("BRK1".utf8)

  /// The new node's card.
  public var card: [UInt8]
  /// Headquarters' own card.
  public var headquartersCard: [UInt8]
  /// The catalog that headquarters publishes, with its signature.
  public var catalog: [UInt8]
  /// Now by headquarters' clock, in milliseconds since 1970.
  public var now: Int64

  public init(card: [UInt8], headquartersCard: [UInt8], catalog: [UInt8], now: Int64) {
    self.card = card
    self.headquartersCard = headquartersCard
    self.catalog = catalog
    self.now = now
  }

  /// The answer as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.sized(card)
    writer.sized(headquartersCard)
    writer.sized(catalog)
    writer.zigzag(now)
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading a join answer")
    try reader.magic(Self.magic)
    card = Array(try reader.sized(limit: WireLimits.cardBytes, of: "a card"))
    headquartersCard = Array(try reader.sized(limit: WireLimits.cardBytes, of: "a card"))
    catalog = Array(try reader.sized(limit: WireLimits.catalogBytes, of: "a catalog"))
    now = try reader.zigzag()
    try reader.finish()
  }
}
