import SyncCore
import Wire

/// Gateway of everything that is known of other nodes: `birlik_card`, `birlik_channel`, `birlik_contact`,
/// `birlik_invitation` and `birlik_receipt`.
///
/// Cards and channels are kept in memory between transactions.
final class Directory {
  let connection: Connection
  private let identity: Identity
  private let pending: PendingEffects
  /// Headquarters' signed word on every node whose segments are held.
  private(set) var cards: [NodeID: NodeCard] = [:]
  /// This node under its keys of today and of before.
  private(set) var ownNodes: Set<NodeID> = []
  private var numbers: [Channel: ChannelNumber] = [:]
  private var channels: [ChannelNumber: Channel] = [:]

  init(_ connection: Connection, _ identity: Identity, _ pending: PendingEffects) {
    self.connection = connection
    self.identity = identity
    self.pending = pending
  }

  /// Reads again what another process may have changed.
  ///
  /// - Parameter formerNodes: this node's ids under earlier keys, as `Meta.formerNodes` has them.
  func load(formerNodes: String) throws {
    try loadChannels()
    var read: [NodeID: NodeCard] = [:]
    for bytes in try storedCards().map(\.card) {
      let card = try NodeCard(bytes: bytes, signedBy: identity.headquarters)
      read[card.id] = card
    }
    cards = read
    loadOwnNodes(formerNodes: formerNodes)
  }

  func loadOwnNodes(formerNodes: String) {
    ownNodes = Set(formerNodes.split(separator: " ").compactMap { NodeID(hex: String($0)) } + [identity.node])
  }

  // MARK: Nodes

  /// Whether a node is this one, under the key of today or an earlier one.
  func isOwn(_ node: NodeID) -> Bool { node == identity.node || ownNodes.contains(node) }

  /// What people call a node.
  func name(of node: NodeID) -> String { cards[node]?.name ?? String(node.hex.prefix(8)) }

  var headquartersCard: NodeCard? { cards.values.first { $0.role.isHeadquarters } }

  /// Headquarters' open channel, in which it speaks to all.
  var headquartersChannel: Channel? {
    cards[NodeCard.id(of: identity.headquarters)].map { Channel(owner: $0.role.federation, audience: .open) }
  }

  /// Adds a card that headquarters signed.
  func add(_ card: NodeCard) throws {
    guard cards[card.id] == nil else { return }
    let statement = try connection.prepared("INSERT OR REPLACE INTO birlik_card(node, card) VALUES(?1, ?2)")
    statement.bind(1, blob: card.id.bytes)
    statement.bind(2, blob: card.bytes)
    try statement.step()
    cards[card.id] = card
    pending.changeWhatOthersRemember()
  }

  /// The rows of the table as they are, which somebody may have altered.
  func storedCards() throws -> [(node: [UInt8], card: [UInt8])] {
    let select = try connection.prepared("SELECT node, card FROM birlik_card ORDER BY node")
    var found: [(node: [UInt8], card: [UInt8])] = []
    while try select.step() { found.append((select.bytes(0), select.bytes(1))) }
    return found
  }

  // MARK: Channels

  /// The channel that this store gave a number.
  func channel(_ number: ChannelNumber) -> Channel? { channels[number] }

  /// The numbers of the channels that a node of a role may write.
  func numbers(writableBy role: NodeRole) -> Set<ChannelNumber> {
    Set(channels.filter { role.mayWrite($0.value) }.keys)
  }

  /// The federation that owns a channel; empty for a number that was never given.
  func owner(of number: ChannelNumber) -> String { channels[number]?.owner ?? "" }

  /// All channels that were ever given a number.
  var allChannels: [Channel] { Array(numbers.keys) }

  /// The number of a channel; nil for one that has none here.
  func number(of channel: Channel) -> ChannelNumber? { numbers[channel] }

  /// The number of a channel, which it is given on first use. In a write transaction only.
  func assignNumber(to channel: Channel) throws -> ChannelNumber {
    if let known = numbers[channel] { return known }
    let number = ChannelNumber((channels.keys.max()?.number ?? 0) + 1)
    let statement = try connection.prepared("INSERT INTO birlik_channel(id, name) VALUES(?1, ?2)")
    statement.bind(1, number)
    statement.bind(2, text: channel.description)
    try statement.step()
    numbers[channel] = number
    channels[number] = channel
    pending.changeWhatOthersRemember()
    return number
  }

  /// Reads the channels again; what is known stays as it is where that fails.
  func loadChannels() throws {
    var read: [ChannelNumber: Channel] = [:]
    let statement = try connection.prepared("SELECT id, name FROM birlik_channel")
    while try statement.step() { read[statement.id(0)] = Channel(statement.string(1)) }
    channels = read
    numbers = Dictionary(read.map { ($1, $0) }) { max($0, $1) }
  }
}
