import ArgumentParser
import Limits

extension InputLimits {
  /// Refuses a reason that is too long to be stored with the decision that it explains.
  static func checkReason(_ reason: String) throws {
    guard reason.utf8.count <= reasonBytes else {
      throw ValidationError("The reason is longer than \(reasonBytes) bytes.")
    }
  }
}
