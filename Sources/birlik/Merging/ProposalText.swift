import Store
import SyncCore

/// An edit that a member proposed to headquarters, for people and scripts.
struct ProposalText {
  let proposal: Proposal

  init(_ proposal: Proposal) { self.proposal = proposal }

  /// - Parameter group: the number of the group that it is decided with, if any.
  func json(_ types: ColumnTypes, group: String? = nil) -> JSON {
    [
      "sort": "proposal", "id": .string(proposal.id), "group": .string(group), "kind": .string(proposal.kind),
      "key": .string(proposal.key),
      "operation": .string(proposal.operation.rawValue), "channel": .string(proposal.channel),
      "values": values(proposal.shownValues, types), "shown": values(proposal.shownNow, types),
      "node": .string(proposal.node), "federation": .string(proposal.federation),
      "at": .string(Moment(proposal.at).iso), "overtaken": .bool(proposal.isOvertaken),
      "decision": .string(proposal.decision?.rawValue),
      "decided_at": .string(proposal.decidedAt.map { Moment($0).iso }),
      "reason": proposal.reason.isEmpty ? .null : .string(proposal.reason),
    ]
  }

  private func values(_ values: [(field: String, value: Value)], _ types: ColumnTypes) -> JSON {
    .object(values.map { ($0.field, types.json($0.value, of: $0.field)) })
  }

  /// - Parameter options: the options of the command, which the printed commands repeat.
  func print(options: String, to output: Output) {
    output.print("\(proposal.kind) \(proposal.key), proposal \(proposal.id)")
    output.print("  proposed   \(words(proposal.shownValues))  (\(proposal.node), \(Moment(proposal.at).words))")
    output.print("  shown now  \(proposal.shown.isEmpty ? "nothing" : words(proposal.shownNow))")
    if proposal.isOvertaken {
      output.print("  beware     somebody edited it since, unknown to the proposer")
    }
    if let decision = proposal.decision {
      let reason = proposal.reason.isEmpty ? "" : ": \(proposal.reason)"
      let at = proposal.decidedAt.map { " \(Moment($0).words)" } ?? ""
      return output.print("  \(decision.rawValue)   \(at)\(reason)")
    }
    let anyway = proposal.isOvertaken ? " --anyway" : ""
    output.print("  accept     birlik inbox accept \(proposal.id)\(anyway)\(options)")
    output.print("  decline    birlik inbox decline \(proposal.id) --reason '...'\(options)")
  }

  /// What is proposed, in one line.
  var proposed: String { words(proposal.shownValues) }

  private func words(_ values: [(field: String, value: Value)]) -> String {
    if proposal.operation == .delete { return "to delete it" }
    return values.map { "\($0.field)=\($0.value.isNull ? "nothing" : $0.value.display)" }.joined(separator: ", ")
  }
}
