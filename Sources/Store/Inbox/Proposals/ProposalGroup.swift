import SyncCore
import Wire

/// Open proposals of one node that ask the same of records of one kind, to be decided together.
public struct ProposalGroup: Sendable, Equatable {
  /// 32 hexadecimal digits that stand for every proposal in it: a group to which one was added, of which one was decided or
  /// whose record was edited since it was listed has another id.
  public var id: String
  /// What people call the node where they were typed, and its federation.
  public var node: String
  public var federation: String
  /// The kind's name, and what is proposed of its records.
  public var kind: String
  public var operation: RefusedView.Operation
  /// Whether the records were edited since by somebody whom the proposer had not heard: all of them or none.
  public var isOvertaken: Bool
  /// The oldest first.
  public var proposals: [Proposal]

  private init(_ proposals: [Proposal], like first: Proposal) {
    (node, federation, kind, operation) = (first.node, first.federation, first.kind, first.operation)
    isOvertaken = first.isOvertaken
    self.proposals = proposals
    var writer = ByteWriter()
    writer.raw(Array("birlik.proposal-group.v1\0".utf8))
    writer.raw([isOvertaken ? 1 : 0])
    // A proposal's id stands for all that it says.
    for id in proposals.map(\.id).sorted() { writer.sized(Array(id.utf8)) }
    id = Hex.string(Digest(sha256: writer.bytes).bytes.prefix(16))
  }

  private struct Name: Hashable {
    // As bytes: names that only look alike are different ones.
    var texts: [[UInt8]]
    var isOvertaken: Bool

    init(_ proposal: Proposal) {
      texts = [proposal.node, proposal.federation, proposal.kind, proposal.operation.rawValue].map { Array($0.utf8) }
      isOvertaken = proposal.isOvertaken
    }
  }

  /// Puts open proposals into groups, in the order in which each begins.
  ///
  /// - Parameter proposals: the oldest first.
  static func groups(_ proposals: [Proposal]) -> [ProposalGroup] {
    var places: [Name: Int] = [:]
    var members: [[Proposal]] = []
    for proposal in proposals where proposal.decision == nil {
      let name = Name(proposal)
      let place = places[name] ?? members.count
      if place == members.count { members.append([]) }
      places[name] = place
      members[place].append(proposal)
    }
    return members.compactMap { members in members.first.map { ProposalGroup(members, like: $0) } }
  }
}

extension Store {
  /// Open proposals in groups of one node, kind and operation, in the order in which each began.
  public func proposalGroups() throws -> [ProposalGroup] {
    try read { ProposalGroup.groups(try ProposalReader($0).all()) }
  }

  /// The group with that id; nil where there is none, or not any more.
  public func proposalGroup(_ id: String) throws -> ProposalGroup? {
    try proposalGroups().first { $0.id.sameBytes(as: id.lowercased()) }
  }
}
