/// How often each fault and each rare path was reached: a check that never met what it guards proves nothing.
public struct Coverage: Sendable, Equatable {
  public enum Event: Int, Sendable, CaseIterable {
    case requestLost, answerLost, requestRepeated, requestDelayed, segmentsShuffled, bodyCut, batchLimited
    case sessionInterleaved, typedDuringSync, sealedDuringExchange, upstreamChanged, sixteenNodesOrMore, relayServed
    case crashBeforeCommit, crashAfterCommit, crashBeforeStateFile
    case nodeRestored, relayRestored, headquartersRestored, headquartersEmptied, cloned, cloneCloned
    case restoredWithEditsCaptured, sealedBeforeNoticing
    case noticedByStateFile, noticedThroughPeer, noticedByAbsorbing, streamForked, lostTailDropped
    case clockWrong, clockJumped, yearAway, absurdTimeIgnored, headFollowed
    case bodiesDropped, snapshotFromUpstream, snapshotFromMember, snapshotWithEditsCaptured, joinReplacedHead
    case catalogPublished, catalogAdopted, opaqueHeadKept, opaqueHeadShown, catalogWentBack
    case editRefused, valueInvalid, valueWaits, keyShared, otherOwnersRowReplaced
    case rowDeleted, rowReinserted, keyMoved, rowReplaced, insertedAndDeletedUnsealed
    case deletionMetEdit, deletionWon, editBeforeDeletion, sealedFromRow, sealedFromLog
    case conflictLatest, conflictOwner, conflictHeadquarters, conflictMax, conflictMin, conflictReview, conflictFrozen
    case conflictUnion, conflictGroup, headsAgreed, conflictDecided, conflictConfirmed
    case segmentWaited, waitedForLost, waitedIntoSettling, sealedInParts, sealedInSegments, longAbsenceSealed

    /// The event as people read it, such as `request lost`.
    public var words: String {
      "\(self)".reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) }
    }
  }

  private var counts = Array(repeating: 0, count: Event.allCases.count)

  public init() {}

  public subscript(event: Event) -> Int { counts[event.rawValue] }

  mutating func add(_ event: Event, _ number: Int = 1) { counts[event.rawValue] += number }

  public static func += (a: inout Self, b: Self) {
    for index in a.counts.indices { a.counts[index] += b.counts[index] }
  }
}
