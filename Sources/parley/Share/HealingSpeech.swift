import ParleyClient

/// What was mended, in one plain sentence each.
enum HealingSpeech {
    /// - Returns: nil where there is nothing to tell.
    static func sentence(_ report: SyncReport) -> String? {
        switch report {
        case .healed(let healing): sentence(healing)
        case .restamped(let count):
            "This machine's clock was ahead: \(counted(count, "change")) that had not left it got the time of now."
        case .forgotten:
            "The server did not know this device any more: it introduces itself again."
        case .serverHadLost(let count): "The server had lost \(counted(count, "change")); given back."
        case .doubt(let doubt): DoubtSpeech.sentence(doubt)
        case .removalSignedAgain(let handles):
            "The server held more of \(handles.joined(separator: " and ")) than this device: the removal was signed again and lets that stand."
        default: nil
        }
    }

    private static func sentence(_ healing: Healing) -> String {
        let name = healing.device == healing.former ? "" : " under a new device name"
        let rewritten = counted(healing.rewritten, "change")
        let again = "\(rewritten) of yours \(healing.rewritten == 1 ? "was" : "were")"
        let kept = counted(healing.setApart, "change") + (healing.setApart == 1 ? " is" : " are")
        let apart = healing.setApart == 0 ? "" : " \(kept) kept apart (parley log --apart)."
        switch healing.cause {
        case .fork:
            return
                "This folder was copied, or restored from a backup, and both have written since: \(again) written again\(name). Nothing is lost.\(apart)"
        case .foreignFork:
            return
                "A colleague's device was copied or restored, and the server holds the other branch:\(apart) \(again) written again\(name)."
        case .clock:
            return "This machine's clock was ahead: \(again) written again\(name), with the time of now."
        case .stamp:
            return "The server holds later changes than these rest on: \(again) written again\(name)."
        case .damage:
            return "Something in this folder was damaged:\(apart) \(again) written again\(name)."
        }
    }
}
