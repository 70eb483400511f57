import Crypto
import SyncCore
import Wire

/// One transaction on the store's file. It exists only inside `Store.read` and `Store.write` and hands out the gateways
/// of the tables.
final class Transaction {
  private let file: StoreFile
  private let pending: PendingEffects?
  /// Keeps totals exact; nil in a transaction that only reads.
  private(set) var totalsTracker: TotalsTracker?

  /// - Parameter pending: nil in a transaction that only reads.
  init(_ file: StoreFile, _ pending: PendingEffects?) {
    self.file = file
    self.pending = pending
    if pending != nil { restartTotals() }
  }

  // MARK: Gateways

  var connection: Connection { file.connection }
  var identity: Identity { file.identity }
  /// What changes are signed with.
  var signingKey: Curve25519.Signing.PrivateKey { get throws { try file.trialKey ?? file.identity.key } }
  var meta: MetaTable { file.meta }
  var adopted: AdoptedCatalog { file.catalog }
  var directory: Directory { file.directory }
  var log: SegmentLog { file.log }
  var heads: HeadTable { file.heads }
  var rows: RowTable { file.rows }
  var capture: CaptureTable { file.capture }
  var held: HeldTable { file.held }
  var batches: BatchTable { file.batches }
  var conflicts: ConflictTable { file.conflicts }
  var inbox: EditInbox { file.inbox }
  var totals: TotalTable { file.totals }
  var snapshots: SnapshotTable { file.snapshots }
  var statements: NodeStatements { file.statements }

  // MARK: What they amount to

  /// The rows whose edits wait for a person.
  private(set) lazy var heldRows = HeldRows(self)

  var records: Records { Records(self) }
  var catalog: Catalog { file.catalog.catalog }
  /// The federation of headquarters, such as `otuts`; empty while its card is not known.
  var headquarters: String { directory.headquartersCard?.role.federation ?? "" }
  var facts: HeadOrder { HeadOrder(file.log, file.directory) }

  func table(_ kind: KindID) -> KindTable? { file.catalog.tables[kind] }

  /// What this node may do, by its card and the catalog.
  var role: NodeRole { role(identity.role) }

  /// What a node may do whose card gives it a role.
  ///
  /// - Parameter later: a catalog that is about to be adopted, which then decides.
  func role(_ role: NodeRole, under later: Catalog? = nil) -> NodeRole {
    let catalog = later ?? catalog
    guard !catalog.observers.isEmpty, let headquarters = directory.headquartersChannel?.owner else { return role }
    return catalog.role(role, headquarters: headquarters)
  }

  /// The channels that this node may write.
  func writableChannels() -> Set<ChannelNumber> { directory.numbers(writableBy: role(identity.role)) }

  /// The identity under which this node seals now.
  func origin() throws -> Origin {
    Origin(node: identity.node, nonce: UInt64(bitPattern: try meta.integer(.nonce) ?? 0))
  }

  /// Today in UTC, by headquarters' clock where it was ever measured.
  func today() throws -> CalendarDay {
    let wall = SystemClock.now()
    return CalendarDay(millisecondsSince1970: wall &+ (try ClockReading(in: meta).usableOffset(wall: wall)))
  }

  // MARK: Totals

  /// Begins to track totals anew, as when the catalog that defines them changes.
  func restartTotals() { totalsTracker = TotalsTracker(self) }

  /// Writes what the transaction changed of the totals.
  func finishTotals() throws { try totalsTracker?.finish() }

  /// Checks that this SQLite can read all that may be written.
  func checkReadable() throws { try file.checkReadable(types: ["table", "index"]) }

  // MARK: Effects beyond the tables

  /// Marks that other processes have to read streams, cards and the catalog again.
  func changeWhatOthersRemember() { pending?.changeWhatOthersRemember() }

  /// How far this node has sealed.
  func sealMark() throws -> StateFile.Mark {
    StateFile.Mark(
      origins: try meta.integer(.origins) ?? 0, seals: try meta.integer(.seals) ?? 0,
      nonce: try meta.integer(.nonce) ?? 0)
  }

  /// Counts a transaction that seals something.
  func countSeal() throws {
    try meta.set(.seals, .integer((try meta.integer(.seals) ?? 0) &+ 1))
    pending?.moveSealMark()
  }

  /// Gives this node another random part of its origin.
  func renewNonce() throws {
    try meta.set(.nonce, .integer(Int64.random(in: Int64.min...Int64.max)))
    pending?.moveSealMark()
  }
}
