import SyncCore
import Wire

extension Store {
  private static let deciding = "deciding a proposal"

  /// Proposals that wait for a decision, the oldest first; all of them with those that were decided.
  public func proposals(includingDecided: Bool = false) throws -> [Proposal] {
    try read { try ProposalReader($0).all().filter { includingDecided || $0.decision == nil } }
  }

  /// How many proposals wait for headquarters' decision.
  public func openProposalCount() throws -> Int {
    // None at all is the common case.
    try read { transaction in
      guard try transaction.heads.count(of: SystemKind.proposal.id) > 0 else { return 0 }
      return try ProposalReader(transaction).all().count { $0.decision == nil }
    }
  }

  /// Makes a proposal an edit of headquarters and says so to who proposed it, in one transaction.
  ///
  /// - Parameters:
  ///   - isAnyway: true to accept one whose record was edited since by somebody whom the proposer had not heard.
  ///   - id: all of it: by its first digits another one could be meant than that which was read.
  /// - Throws: `StoreError` with code `unknown`, `invalid` or `notPermitted`.
  public func accept(_ id: String, isAnyway: Bool = false, now: Int64 = SystemClock.now()) throws -> Proposal {
    try decideOne(now: now, .accepted, reason: "") { transaction in
      let proposal = try Self.one(id, isWhole: true, transaction)
      if proposal.isOvertaken && !isAnyway {
        throw StoreError(
          .invalid, Self.deciding,
          "\(proposal.kind) \(proposal.key) was edited since, which \(proposal.node) did not know",
          hint: "look at `\(Self.showing(proposal))`, then accept it with --anyway or decline it")
      }
      return [proposal]
    }
  }

  private static func showing(_ proposal: Proposal) -> String {
    ShellWords.command("show", [proposal.kind, proposal.key], options: "") ?? "birlik list \(proposal.kind)"
  }

  /// Leaves the record as it is and says so, and why, to who proposed the edit.
  public func decline(_ id: String, reason: String, now: Int64 = SystemClock.now()) throws -> Proposal {
    try decideOne(now: now, .declined, reason: reason) { [try Self.one(id, isWhole: false, $0)] }
  }

  /// Accepts all proposals of a group, in one transaction: where one of them cannot be applied none is.
  ///
  /// - Parameter id: as it was listed; a group that changed since has another one.
  /// - Returns: what was accepted, the oldest first.
  /// - Throws: as `accept(_:isAnyway:now:)`.
  public func acceptGroup(_ id: String, isAnyway: Bool = false, now: Int64 = SystemClock.now()) throws -> [Proposal] {
    try decide(now: now, .accepted, reason: "") { transaction in
      let group = try Self.group(id, transaction)
      if group.isOvertaken && !isAnyway {
        throw StoreError(
          .invalid, Self.deciding,
          "the records of this group were edited since, which \(group.node) did not know",
          hint:
            "look at them with `birlik inbox --group \(group.id)`, then accept the group with --anyway or decline it")
      }
      return group.proposals
    }
  }

  /// Declines all proposals of a group, in one transaction.
  public func declineGroup(_ id: String, reason: String, now: Int64 = SystemClock.now()) throws -> [Proposal] {
    try decide(now: now, .declined, reason: reason) { try Self.group(id, $0).proposals }
  }

  // MARK: Which

  private static func one(_ id: String, isWhole: Bool, _ transaction: Transaction) throws -> Proposal {
    let all = try ProposalReader(transaction).all().filter { $0.id.hasPrefix(id.lowercased()) && id.utf8.count >= 4 }
    guard let only = all.first, all.count == 1, !isWhole || only.id.utf8.count == id.utf8.count else {
      if isWhole, !all.isEmpty {
        throw StoreError(
          .unknown, deciding, "'\(id)' is only the beginning of a proposal's number",
          hint: "give all of it, as `birlik inbox` lists it: what is accepted is then what was read")
      }
      throw StoreError(
        .unknown, deciding, "there is no proposal '\(id)'",
        hint: "`birlik inbox` lists them; a group that changed since it was listed has another number")
    }
    guard only.decision == nil else {
      throw StoreError(
        .invalid, deciding, "proposal \(only.id) was \(only.decision?.rawValue ?? "decided") already")
    }
    return only
  }

  private static func group(_ id: String, _ transaction: Transaction) throws -> ProposalGroup {
    let groups = ProposalGroup.groups(try ProposalReader(transaction).all())
    guard let group = groups.first(where: { $0.id.sameBytes(as: id.lowercased()) }) else {
      throw StoreError(
        .unknown, deciding, "there is no group of proposals '\(id)', or it changed since it was listed",
        hint: "`birlik inbox` lists them as they are now")
    }
    return group
  }

  // MARK: Deciding

  private func decideOne(
    now: Int64, _ decision: Proposal.Decision, reason: String, _ choose: (Transaction) throws -> [Proposal]
  ) throws -> Proposal {
    guard let only = try decide(now: now, decision, reason: reason, choose).first else {
      throw StoreError(.failed, Self.deciding, "nothing was decided")
    }
    return only
  }

  /// Decides what `choose` finds in the transaction that decides it: nothing can change in between.
  private func decide(
    now: Int64, _ decision: Proposal.Decision, reason: String, _ choose: (Transaction) throws -> [Proposal]
  ) throws -> [Proposal] {
    guard identity.role.isHeadquarters else {
      throw StoreError(
        .notPermitted, Self.deciding, "only headquarters decides proposals",
        hint: "`birlik inbox` shows the decision")
    }
    try withFile { try $0.lookAfterCapture() }
    return try write { transaction in
      let sealer = try Sealer(transaction, wall: now)
      // What clerks typed meanwhile is theirs, and may be what a proposal has not seen.
      try sealer.sealAll()
      let proposals = try choose(transaction)
      if decision == .accepted { try apply(proposals, transaction) }
      // A person at headquarters accepted what is deleted or emptied.
      sealer.holds = false
      try sealer.sealAll { sealer in
        for proposal in proposals {
          try sealer.seal(
            SystemKind.proposal, key: RecordKey(proposal.id),
            in: Channel(owner: proposal.federation, audience: .home), at: now,
            [
              ("decision", .text(decision.rawValue)), ("decided_at", .integer(now)),
              ("reason", reason.isEmpty ? .null : .text(reason)),
            ])
        }
      }
      return proposals.map { proposal in
        var decided = proposal
        (decided.decision, decided.decidedAt, decided.reason) = (decision, now, reason)
        return decided
      }
    }
  }

  // MARK: Applying

  /// Writes what is proposed as a clerk of headquarters would, the later over the earlier.
  private func apply(_ proposals: [Proposal], _ transaction: Transaction) throws {
    try transaction.connection.capturing {
      for proposal in proposals {
        do {
          try apply(proposal, transaction)
        } catch let error as StoreError where error.code == .invalid || error.code == .unknown {
          let hint = "nothing was accepted: decline it by `birlik inbox decline \(proposal.id)`"
          throw StoreError(
            error.code, "accepting \(proposal.kind) \(proposal.key)", error.detail,
            hint: proposals.count == 1 ? hint : hint + ", and accept the others as `birlik inbox` lists them then")
        }
      }
    }
  }

  private func apply(_ proposal: Proposal, _ transaction: Transaction) throws {
    let table = try transaction.adopted.table(named: proposal.kind)
    let key = try table.key(written: proposal.key)
    let isThere = try transaction.rows.row(table, key) != nil
    guard proposal.operation != .delete else {
      if isThere { try transaction.rows.delete(table, key) }
      return
    }
    var values = proposal.values.map { (field: $0.field, text: $0.value.display) }
    if !isThere, let owner = Channel(proposal.channel)?.owner { values.insert(("federation", owner), at: 0) }
    let writer = try ClerkWriter(table, fields: values.map(\.field), transaction.connection)
    _ = try writer.write(key, values: values.map(\.text), checks: true)
  }
}
