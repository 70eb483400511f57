import Logging
import Store

/// News for the people at a node besides the sync itself. Each is logged once, not at every sync.
struct PersonalNews {
  private var clock: ClockReading?
  private var inbox = 0

  /// Logs what changed since the last call.
  mutating func log(_ store: Store, to logger: Logger) async {
    guard let (reading, count) = try? await offload({ (try store.clockReading(), try store.newInboxCount()) }) else {
      // The sync has reported already what is wrong with the file.
      return
    }
    if reading.isNews(after: clock) {
      if let warning = reading.warning {
        logger.warning("\(warning)")
      } else {
        logger.notice("this machine's clock is right again")
      }
    }
    clock = reading
    if count > inbox {
      logger.notice("there is news about edits typed here: see `birlik inbox`", metadata: ["count": "\(count)"])
    }
    inbox = count
  }
}
