import SyncCore
import Wire

extension Store {
  /// How much of the log is read in one go: clerks cannot write meanwhile.
  private static let auditSegments = 2048
  private static let auditBytes = 16 << 20

  /// Proves that nothing was altered, dropped or reordered since it was sealed: every stream's chain and signatures from
  /// the first segment to its end, every card, and headquarters' receipts against the own log.
  ///
  /// Changes nothing. What rows and heads show is not looked at: that is what `verify` is for.
  ///
  /// - Parameter progress: called with the number of changes checked so far.
  public func audit(progress: (Int64) -> Void = { _ in }) throws -> AuditReport {
    let (cards, forged) = try inQueue { engine in try engine.auditedCards() }
    var pass = AuditPass(cards: cards, isHeadquarters: identity.role.isHeadquarters) { [self] hash in
      try inQueue { try $0.position(of: hash) != nil }
    }
    for node in forged {
      pass.tell(
        pass.finding(.forged, nil, nil, nil, "the card of the node \(node) is not one that headquarters signed"))
    }
    var last: Int64 = -1
    while true {
      let (rows, streams) = try inQueue { engine in
        try engine.auditBatch(after: last, segments: Self.auditSegments, bytes: Self.auditBytes)
      }
      for row in rows {
        try pass.take(row)
        last = row.id
      }
      progress(pass.report.changes)
      // Read in the same transaction that showed the end of the log.
      if let streams {
        pass.compare(streams)
        break
      }
    }
    try auditReceipts(&pass, cards: cards.count)
    return pass.report
  }

  private func auditReceipts(_ pass: inout AuditPass, cards: Int) throws {
    // Not in a transaction, which begins with reading every card: what is wrong in one is for the audit to tell.
    let (kept, own) = try inQueue { engine in
      try engine.loadOwnNodes()
      return (try engine.storedReceipts(), engine.ownNodes)
    }
    var latest: Int64?
    var told: Set<Tip> = []
    for bytes in kept {
      guard let receipt = try? Receipt(bytes: bytes, signedBy: identity.headquarters),
        own.contains(receipt.node)
      else {
        pass.tell(
          pass.finding(.forged, nil, nil, nil, "a receipt that is kept here is not one that headquarters signed"))
        continue
      }
      latest = max(latest ?? .min, receipt.at)
      for entry in receipt.tips where pass.position(of: entry.tip) == nil && told.insert(entry.tip).inserted {
        let number = entry.tip.sequence
        pass.tell(
          pass.finding(
            .receipt, entry.channel, entry.tip.origin, number...number,
            "headquarters signed that it holds this change, and this log does not hold it as it was sent",
            hint: "run `birlik sync`, which brings back what a restored database lost, and audit again"))
      }
    }
    pass.note(cards: cards, receipts: kept.count, lastReceiptAt: latest)
  }

  // MARK: Comparing

  /// What this node can show another: what it holds of the open channels, and what headquarters signed for it.
  public func evidence() throws -> Evidence {
    try read { engine in
      let receipts = try engine.storedReceipts().compactMap { bytes in
        try? Receipt(bytes: bytes, signedBy: identity.headquarters)
      }.filter { $0.node == identity.node }
      return Evidence(
        card: identity.card, open: try engine.frontier { $0.audience == .open }, receipts: receipts)
    }
  }

  /// Compares what headquarters told another node with what it told this one.
  ///
  /// - Throws: `StoreError`, or `WireError` for bytes that are not evidence under the signature of this headquarters.
  public func compare(evidence bytes: [UInt8]) throws -> AuditComparison {
    let theirs = try Evidence(bytes: bytes, signedBy: identity.headquarters)
    let mine = try evidence()
    var comparison = AuditComparison(outcome: .consistent, node: theirs.card.name)
    guard !identity.role.isHeadquarters else {
      let signed = theirs.receipts.flatMap(\.tips) + (theirs.binding == nil ? [] : theirs.open)
      comparison.findings = try lacking(signed).map { entry in
        try broken(
          .receipt, entry, "this headquarters signed for \(theirs.card.name) that it holds this change, and does not")
      }
      if !comparison.findings.isEmpty { comparison.outcome = .split }
      return comparison
    }
    guard let signed = theirs.binding else {
      comparison.outcome = .inconclusive
      comparison.reason =
        "\(theirs.card.name) held something else than headquarters last signed: sync there, then export"
      return comparison
    }
    if Digest(of: mine.open) == Digest(of: theirs.open) {
      comparison.outcome = .same
      return comparison
    }
    let lacking = try lacking(theirs.open)
    guard !lacking.isEmpty else { return comparison }
    // What was told there earlier has to have been told here by now.
    guard let own = mine.binding, own.at >= signed.at else {
      comparison.outcome = .inconclusive
      comparison.reason = "\(theirs.card.name) was told more, and later: run `birlik sync` here, then compare again"
      return comparison
    }
    comparison.outcome = .split
    comparison.findings = try lacking.map { entry in
      try broken(
        .split, entry,
        "headquarters signed for \(theirs.card.name) that it holds this change, and later for this node that it does not"
      )
    }
    return comparison
  }

  private func lacking(_ entries: [FrontierEntry]) throws -> [FrontierEntry] {
    let unique = Set(entries).sorted()
    let held = try read { engine in try unique.map { try engine.position(of: $0.tip.hash) != nil } }
    return zip(unique, held).filter { !$1 }.map(\.0)
  }

  private func broken(_ code: AuditFinding.Code, _ entry: FrontierEntry, _ detail: String) throws -> AuditFinding {
    AuditFinding(
      code: code, channel: entry.channel, node: try read { $0.name(of: entry.tip.origin.node) },
      origin: entry.tip.origin, first: entry.tip.sequence, last: entry.tip.sequence, detail: detail,
      hint: "keep both files: the two signatures of headquarters prove it")
  }
}

extension Engine {
  /// The cards that headquarters signed, and the ids in the rows whose cards it did not.
  fileprivate func auditedCards() throws -> (cards: [NodeID: NodeCard], forged: [String]) {
    let select = try connection.prepared("SELECT node, card FROM birlik_card ORDER BY node")
    var cards: [NodeID: NodeCard] = [:]
    var forged: [String] = []
    while try select.step() {
      let node = select.bytes(0)
      if let card = try? NodeCard(bytes: select.bytes(1), signedBy: identity.headquarters), card.id.bytes == node {
        cards[card.id] = card
      } else {
        forged.append(Hex.string(node.prefix(NodeID.byteCount)))
      }
    }
    return (cards, forged)
  }

  /// The next run of the log; at its end, in the same transaction, the streams as well.
  fileprivate func auditBatch(
    after id: Int64, segments: Int, bytes: Int
  ) throws -> (rows: [AuditPass.Row], streams: [LocalStream]?) {
    try connection.execute("BEGIN")
    defer { try? connection.execute("COMMIT") }
    let select = try connection.prepared(
      "SELECT id, stream, first, last, hash, bytes, body FROM birlik_segment WHERE id>?1 ORDER BY id")
    select.bind(1, id)
    defer { select.reset() }
    var rows: [AuditPass.Row] = []
    var size = 0
    while try select.step() {
      let row = AuditPass.Row(
        id: select.int64(0), stream: select.int(1), first: select.int64(2), last: select.int64(3),
        hash: select.bytes(4), bytes: select.bytes(5), hasBody: select.int(6) != 0)
      size += row.bytes.count
      rows.append(row)
      if rows.count >= segments || size >= bytes { return (rows, nil) }
    }
    return (rows, try storedStreams())
  }

  func storedReceipts() throws -> [[UInt8]] {
    let select = try connection.prepared("SELECT receipt FROM birlik_receipt ORDER BY at")
    var receipts: [[UInt8]] = []
    while try select.step() { receipts.append(select.bytes(0)) }
    return receipts
  }
}
