import Consolidation
import Store
import SyncCore
import Wire

/// What a sync would do.
public struct DryRunReport: Sendable {
  public var sent = ChangeTally()
  public var received = ChangeTally()
  /// Conflicts that would open, and those that would close.
  public var opened: [ConflictView] = []
  public var closed: [ConflictView] = []
  /// Figures of the consolidated table, as of today, that would change.
  public var totals: [TotalMove] = []
  /// Edits of this node that would be refused.
  public var refused: [RefusedView] = []
  /// The catalog's version now and after, where headquarters has a later one.
  public var catalog: (from: Int, to: Int)?
  /// Further notices for the person.
  public var notices: [String] = []
}

extension LocalNode {
  /// Asks headquarters what it holds and absorbs that into a private copy of the database, which is then deleted. Only
  /// the question is sent, and neither side's file changes.
  ///
  /// The store should be open for reading alone.
  public func dryRunSync() async throws -> DryRunReport {
    let node = self
    var dryRun = try await offload { try SyncDryRun(node) }
    return try await dryRun.run()
  }
}

/// What the next sync would send, and what would stay.
public struct EgressReport: Sendable {
  /// How it is known what headquarters holds.
  public enum Basis: Sendable, Equatable {
    /// Headquarters was asked just now.
    case asked
    /// By its last receipt, signed at that time in milliseconds since 1970.
    case receipt(at: Int64)
    /// It is not known, so everything is listed.
    case nothing
  }

  public var basis = Basis.nothing
  /// The first of the changes, as many as were asked for.
  public var changes: [EgressChange] = []
  public var summary = EgressSummary()
  public var stay = EgressStay()
  /// Edits captured here that would be refused when they are sealed.
  public var refused: [RefusedView] = []
  public var notices: [String] = []
}

extension LocalNode {
  /// Lists what the next sync would send: seals in a private copy and plans a batch as a sync does. Neither side's file
  /// changes.
  ///
  /// - Parameters:
  ///   - asks: whether to ask headquarters what it holds, which sends a question alone; if not, its last receipt decides,
  ///     without any network.
  ///   - limit: how many changes are listed; the rest are counted.
  public func egress(asks: Bool, limit: Int) async throws -> EgressReport {
    let node = self
    guard asks else { return try await offload { try node.offlineEgress(limit: limit) } }
    var dryRun = try await offload { try SyncDryRun(node) }
    return try await dryRun.egress(limit: limit)
  }

  private func offlineEgress(limit: Int) throws -> EgressReport {
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(
        .usage, "listing what leaves", "this node is headquarters, which answers and sends nothing by itself",
        hint: "run it at a federation's node")
    }
    let copy = try DryRun(of: store)
    let known = try copy.store.refusedEdits().count
    try copy.store.seal()
    var report = EgressReport()
    let receipt = try store.lastReceipt()
    report.basis = receipt.map { .receipt(at: $0.at) } ?? .nothing
    report.refused = Array(try copy.store.refusedEdits().dropLast(known))
    report.stay = try store.staying()
    // A receipt names this node's own streams only. Those of others came from headquarters.
    let node = store.identity.node
    let others = receipt == nil ? [] : try store.frontier(visibleTo: store.role())
    try report.list(copy, to: (receipt?.tips ?? []) + others.filter { $0.tip.origin.node != node }, [], limit: limit)
    return report
  }
}

extension EgressReport {
  mutating func list(
    _ copy: DryRun, to frontier: [FrontierEntry], _ marks: [FrontierMark], limit: Int
  ) throws {
    var first: [EgressChange] = []
    summary = try copy.egress(to: frontier, marks: marks, role: copy.store.role()) { change in
      if first.count < limit { first.append(change) }
    }
    changes = first
    if let one = summary.replaced.first {
      let more = summary.replaced.count - 1
      let nodes = Set(summary.replaced.map(\.node)).sorted().joined(separator: ", ")
      notices.append(
        "\(one.kind) \(one.key)\(more > 0 ? " and \(more) more like it" : "") would be sent over figures that another node "
          + "gave (\(nodes)): run `birlik derive` on one machine only, the one that has all the records")
    }
  }
}

/// One dry run of a sync with headquarters.
struct SyncDryRun: @unchecked Sendable {
  // Unchecked: `copy` is used by one task, one call at a time.
  private let original: Store
  private let copy: DryRun
  private let client: HeadquartersClient
  private let role: NodeRole
  private var report = DryRunReport()
  private var marks: [FrontierMark] = []

  init(_ node: LocalNode) throws {
    original = node.store
    role = try node.store.role()
    client = try HeadquartersClient(for: node.store, "trying out a sync", agent: Program.dryRunAgent)
    copy = try DryRun(of: node.store)
  }

  mutating func egress(limit: Int) async throws -> EgressReport {
    let this = self
    let mine = try await offload { try this.original.frontier(visibleTo: this.role) }
    let theirs = try await exchangeAll(mine)
    let (marks, tried) = (marks, report)
    return try await offload {
      var report = EgressReport()
      report.basis = .asked
      report.refused = tried.refused
      report.notices = tried.notices
      report.stay = try this.original.staying()
      try report.list(this.copy, to: theirs, marks, limit: limit)
      return report
    }
  }

  mutating func run() async throws -> DryRunReport {
    let this = self
    let mine = try await offload { try this.original.frontier(visibleTo: this.role) }
    let before = try await offload { try Findings(this.copy.store) }
    let last = try await exchangeAll(mine)
    let marks = marks
    report.sent = try await offload { try this.copy.lacking(last, marks: marks, role: this.role) }
    report.received = try await offload { try this.copy.received() }
    let after = try await offload { try Findings(this.copy.store) }
    report.opened = after.conflicts(notIn: before)
    report.closed = before.conflicts(notIn: after)
    report.totals = after.moves(since: before)
    let held = try await offload { try this.copy.store.heldCount() }
    if held > 0 {
      report.notices.append(
        "edits of \(held == 1 ? "1 record" : "\(held) records") would not be sent until you confirm them: see `birlik held`"
      )
    }
    return report
  }

  /// Seals in the copy and absorbs everything that headquarters offers.
  ///
  /// - Returns: what headquarters holds.
  private mutating func exchangeAll(_ mine: [FrontierEntry]) async throws -> [FrontierEntry] {
    let this = self
    var answer = try await exchange(frontier: nil, digest: Digest(of: mine))
    var theirs = answer.frontier ?? mine
    try await prepare(answer)
    var isMoving = answer.frontier != nil
    while isMoving {
      let shown = try await offload { try this.shown(instead: mine) }
      answer = try await exchange(frontier: shown, digest: Digest(of: shown))
      theirs = answer.frontier ?? shown
      let batch = answer
      isMoving = try await offload { try this.absorb(batch) } > 0
    }
    return theirs
  }

  /// Brings the copy to where a sync seals, and seals.
  private mutating func prepare(_ answer: ExchangeAnswer) async throws {
    let this = self
    report.refused = try await offload {
      let known = try this.copy.store.refusedEdits().count
      if let theirs = answer.frontier {
        let held = try this.copy.store.holds(theirs, visibleTo: this.role)
        _ = try this.copy.store.noticeRestoration(zip(theirs, held).filter { !$1 }.map(\.0))
      }
      if let bytes = answer.catalog {
        try this.copy.store.adopt(try PublishedCatalog(bytes: bytes, signedBy: this.original.identity.headquarters))
      }
      try this.copy.store.seal()
      return Array(try this.copy.store.refusedEdits().dropLast(known))
    }
    let versions = try await offload {
      (from: try this.original.catalog().version, to: try this.copy.store.catalog().version)
    }
    if versions.from != versions.to { report.catalog = versions }
    if try await offload({ try this.original.origin() != this.copy.origin() }) {
      report.notices.append("this database was restored or copied; it would go on under a new identity")
    }
  }

  /// What the copy holds, without what was sealed in the copy alone: headquarters must not hear of that.
  private func shown(instead mine: [FrontierEntry]) throws -> [FrontierEntry] {
    let origin = try copy.origin()
    let held = try copy.store.frontier(visibleTo: role).filter { $0.tip.origin != origin }
    return Set(held + mine.filter { $0.tip.origin == origin }).sorted()
  }

  /// - Returns: how many segments were new.
  private func absorb(_ answer: ExchangeAnswer) throws -> Int {
    let arrivals = answer.segments.map { Arrival($0) }
    let absorbed = try copy.store.absorb(arrivals, cards: answer.cards, mayRead: role.mayRead)
    if absorbed.segments > 0 { try copy.countReceived(arrivals) }
    return absorbed.segments
  }

  private mutating func exchange(frontier: [FrontierEntry]?, digest: Digest) async throws -> ExchangeAnswer {
    let this = self
    let (version, offset) = try await offload {
      (try this.copy.store.catalog().version, try this.copy.store.clockOffset())
    }
    let request = ExchangeRequest(
      card: original.identity.card.bytes, catalogVersion: version, frontierDigest: digest, frontier: frontier,
      cards: [], segments: [])
    let before = SystemClock.now()
    let answer = try ExchangeAnswer(bytes: try await client.post("/v1/exchange", request.bytes, offset: offset))
    if frontier == nil {
      let measured = answer.now &- (before / 2 &+ SystemClock.now() / 2)
      try await offload { try this.copy.store.setClockOffset(measured) }
    }
    marks = FrontierMark.marks(of: frontier ?? [], held: answer.held)
    return answer
  }
}

/// Conflicts and totals at one moment.
private struct Findings: Sendable {
  private let conflicts: [ConflictView]
  private let names: Set<ConflictName>
  private let reports: [TotalsReport]

  init(_ store: Store) throws {
    let today = CalendarDay(millisecondsSince1970: SystemClock.now()).iso
    reports = try store.indicators().compactMap { indicator in
      guard case .report(let report) = try store.totals(indicator: indicator, asOf: today) else { return nil }
      return report
    }
    conflicts = try store.conflicts()
    names = Set(conflicts.map(ConflictName.init))
  }

  func conflicts(notIn other: Findings) -> [ConflictView] {
    conflicts.filter { !other.names.contains(ConflictName($0)) }
  }

  func moves(since before: Findings) -> [TotalMove] {
    reports.flatMap { report -> [TotalMove] in
      let old = before.reports.first { $0.indicator == report.indicator }
      let units = Set(report.rows.map(\.unit) + (old?.rows.map(\.unit) ?? [])).sorted()
      var moves: [TotalMove] = []
      func add(_ unit: String, _ figure: TotalMove.Figure, _ from: Int64?, _ to: Int64?) {
        guard from != to else { return }
        moves.append(
          TotalMove(
            indicator: report.indicator, unit: unit, figure: figure, asOf: report.asOf, from: from, to: to))
      }
      for unit in units {
        let was = old?.rows.first { $0.unit == unit }
        let row = report.rows.first { $0.unit == unit }
        add(unit, .counted, was?.counted, row?.counted)
        add(unit, .declared, was?.declaredSum?.highest, row?.declaredSum?.highest)
        add(unit, .expected, was?.tally.unitsExpected, row?.tally.unitsExpected)
        add(unit, .reported, was?.tally.unitsReporting, row?.tally.unitsReporting)
      }
      add("total", .counted, old?.counted, report.counted)
      add("total", .claimed, old?.claimedSum?.highest, report.claimedSum?.highest)
      return moves
    }
  }
}

/// What a conflict is about. Bytes, because keys are compared bytewise everywhere.
private struct ConflictName: Hashable {
  private let parts: [[UInt8]]

  init(_ conflict: ConflictView) {
    parts = [conflict.kind, conflict.key, conflict.federation, conflict.field].map { Array($0.utf8) }
  }
}
