/// What a federation may do that is an observer: less than a member, by the catalog.
///
/// It always reads its own channels and headquarters' open one, and always writes its home channel.
public struct Observer: Hashable, Sendable {
  /// The federation's code.
  public var federation: String
  /// Whether it reads the open channels of members.
  public var readsMembers: Bool
  /// Whether its records may be open to all; otherwise its edits of such are put before headquarters.
  public var writesOpen: Bool

  public init(federation: String, readsMembers: Bool, writesOpen: Bool) {
    self.federation = federation
    self.readsMembers = readsMembers
    self.writesOpen = writesOpen
  }
}

extension Catalog {
  /// A role as the catalog has it.
  ///
  /// - Parameters:
  ///   - role: the role on its card.
  ///   - headquarters: the code of headquarters' own channels.
  public func role(_ role: NodeRole, headquarters: String) -> NodeRole {
    var role = role
    let observer = role.isHeadquarters ? nil : observers.first { $0.federation.sameBytes(as: role.federation) }
    role.limits = observer.map {
      NodeRole.Limits(readsMembers: $0.readsMembers, writesOpen: $0.writesOpen, headquarters: headquarters)
    }
    return role
  }
}
