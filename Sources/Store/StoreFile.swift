import Crypto
import SyncCore
import Wire

/// The store's file as this process has it open: the connection, the gateways of its tables, and what they remember
/// between transactions.
///
/// Used from one thread at a time. What another process changed is read again at the beginning of each transaction.
final class StoreFile {
  let connection: Connection
  let identity: Identity
  let meta: MetaTable
  let catalog: AdoptedCatalog
  let directory: Directory
  let log: SegmentLog
  let heads: HeadTable
  let rows: RowTable
  let capture: CaptureTable
  let held: HeldTable
  let batches: BatchTable
  let conflicts: ConflictTable
  let inbox: EditInbox
  let totals: TotalTable
  let snapshots: SnapshotTable
  let statements: NodeStatements
  /// Where it is remembered beside the database how far this node has sealed; nil for a database of no node's own.
  var stateFile: StateFile?
  /// What the state file said when the file was opened, until it was compared with the database.
  var remembered: StateFile.Mark?
  /// Which file was opened; nil for a private copy, whose name may be gone.
  var opened: OpenedFile?
  /// Signs what is sealed on trial alone, and thrown away, for whoever has not the node's key.
  var trialKey: Curve25519.Signing.PrivateKey?
  /// True where the file is left as it is to the last byte.
  var isForReading = false
  private let pending = PendingEffects()
  private var generation: Int64?
  /// The last generation that was read: a file with an earlier one was overwritten by a backup.
  private var latest = Int64.min

  init(connection: Connection, identity: Identity, published: PublishedCatalog) {
    self.connection = connection
    self.identity = identity
    meta = MetaTable(connection)
    catalog = AdoptedCatalog(published, connection)
    directory = Directory(connection, identity, pending)
    log = SegmentLog(connection, directory, pending)
    heads = HeadTable(connection)
    rows = RowTable(connection)
    capture = CaptureTable(connection)
    held = HeldTable(connection)
    batches = BatchTable(connection)
    conflicts = ConflictTable(connection)
    inbox = EditInbox(connection)
    totals = TotalTable(connection)
    snapshots = SnapshotTable(connection, headquarters: identity.headquarters)
    statements = NodeStatements(SystemRecords(heads, directory, HeadOrder(log, directory)), directory, pending)
  }

  /// Runs `body` in one write transaction, with totals kept in step.
  ///
  /// What other processes changed is read first, and capture that a tool broke is mended.
  func write<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
    do {
      var mark: StateFile.Mark?
      if let opened { JournalFile(of: opened.path).prepare() }
      let value = try connection.transaction {
        try refresh()
        let transaction = Transaction(self, pending)
        try checkReadable(types: ["table", "index"])
        try CaptureRepair(transaction).mend()
        if try isBehindState() { try FreshOrigin(transaction).adopt(because: .stateFile) }
        let value = try body(transaction)
        try transaction.finishTotals()
        try transaction.heldRows.putBack()
        let effects = pending.removeAll()
        if effects.changesWhatOthersRemember {
          generation = (generation ?? 0) &+ 1
          try meta.set(.generation, .integer(generation ?? 0))
        }
        if effects.movesSealMark { mark = try transaction.sealMark() }
        // The work may have taken long.
        try opened?.check()
        return value
      }
      remembered = nil
      latest = generation ?? latest
      if let mark { stateFile?.write(mark) }
      return value
    } catch {
      // What the gateways remember may be of a transaction that was rolled back.
      _ = pending.removeAll()
      statements.forget()
      generation = nil
      capture.checkedDataVersion = nil
      throw error
    }
  }

  /// Runs `body` in one read transaction.
  func read<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
    try connection.reading {
      try refresh()
      return try body(Transaction(self, nil))
    }
  }

  /// Runs `body` in a transaction in which rows whose edits wait for a person are as they were sealed. Nothing is written.
  func readSealed<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
    guard try !read({ try $0.held.isEmpty() }) else { return try read(body) }
    var value: Value?
    do {
      try write { transaction in
        try transaction.heldRows.putAside()
        value = try body(transaction)
        // Leaving by an error is what rolls back.
        throw NothingToKeep()
      }
    } catch is NothingToKeep {}
    guard let value else { throw StoreError(.failed, "reading the database", "nothing was read") }
    return value
  }

  private struct NothingToKeep: Error {}

  /// Reads again what another process changed.
  private func refresh() throws {
    let current = try meta.integer(.generation) ?? 0
    if let opened, current < latest { throw OpenedFile.replaced(opened.path) }
    latest = current
    guard current != generation else { return }
    guard try meta.bytes(.card) == identity.card.bytes else {
      throw StoreError(
        .renewed, "using the database", "this node's key was renewed meanwhile", hint: "start birlik again")
    }
    if let bytes = try meta.bytes(.catalog), bytes != catalog.published.bytes {
      try catalog.use(PublishedCatalog(bytes: bytes, signedBy: identity.headquarters))
    }
    try directory.load(formerNodes: meta.text(.formerNodes) ?? "")
    try log.load()
    statements.forget()
    generation = current
  }

  /// Repairs capture that another program broke. To be called where nothing seems to be captured: missing triggers may
  /// be the reason.
  func lookAfterCapture() throws {
    guard try connection.pragma("data_version") != capture.checkedDataVersion else { return }
    if try read({ try CaptureRepair($0).isNeeded() }) { try write { _ in } }
  }

  /// Brings a file that was just opened into its form: tables, indexes and triggers that are missing, and a new identity
  /// for one that was restored from a backup.
  func prepare() throws {
    try Layout.complete(self)
    try checkTriggers()
    if try isBehindState() { try write { _ in } }
  }

  /// Whether the state file beside the database is of a later day, so that the database was restored from a backup.
  private func isBehindState() throws -> Bool {
    guard let remembered else { return false }
    return remembered.isAhead(of: try Transaction(self, nil).sealMark())
  }

  /// Checks that this SQLite can read what is used of the file.
  ///
  /// - Parameter types: the sorts of objects that are used.
  func checkReadable(types: Set<String>) throws {
    guard !connection.unreadable.isEmpty else { return }
    try connection.checkUnreadableObjects(types: types) { table in
      catalog.catalog.kinds.contains { $0.name.lowercased() == table.lowercased() }
    }
  }

  /// What other programs did to the file that people should know, as it is now: sentences without their stops.
  func warnings() throws -> [String] {
    var warnings = [UnreadableObject.warning(connection.unreadable)].compactMap(\.self)
    if try !isForReading && !JournalMode.isRepaired && JournalMode(connection).isWAL() {
      warnings.append(JournalMode.hindrance(connection.path).detail)
    }
    return warnings
  }

  /// Goes back from WAL mode where that is possible now.
  func leaveWAL() {
    guard !isForReading else { return }
    JournalMode(connection).leaveWAL()
  }

  /// Builds triggers again that were dropped or changed, and captures what was written meanwhile.
  func checkTriggers() throws {
    // Looking first keeps a sound file from being written. Not in a transaction of its own, which would read everything.
    guard try !CaptureRepair(Transaction(self, nil)).isSound() else { return }
    try write { _ in }
  }

  /// Lets every statement go, so that the connection can close.
  func releaseStatements() {
    heads.releaseStatements()
    rows.releaseStatements()
    connection.forgetStatements()
  }
}

/// What the running transaction changes beyond its tables, collected until it commits.
final class PendingEffects {
  struct Effects {
    /// Streams, cards, channels or the catalog: other processes have to read them again.
    var changesWhatOthersRemember = false
    /// How far this node has sealed, which the state file beside the database remembers.
    var movesSealMark = false
  }

  private var effects = Effects()

  func changeWhatOthersRemember() { effects.changesWhatOthersRemember = true }
  func moveSealMark() { effects.movesSealMark = true }

  /// Removes the effects since the last call and returns them.
  func removeAll() -> Effects {
    defer { effects = Effects() }
    return effects
  }
}
