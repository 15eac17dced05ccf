import ArgumentParser

/// With what number the process ends. The only table of them; `parley help exit-codes` prints it.
enum Exit: Int32, CaseIterable {
    case done = 0
    case failed = 1
    case cancelled = 2
    case partly = 3
    case notPermitted = 4
    case changed = 5
    case findings = 6
    case notFound = 7
    case unreachable = 8
    case store = 9
    case usage = 64
    case defect = 70

    var meaning: String {
        switch self {
        case .done: "done, also where there was nothing to do or nothing to show"
        case .failed: "failed otherwise; nothing was written"
        case .cancelled: "cancelled, or a confirmation was needed that could not be asked for"
        case .partly: "partly done: some rows were refused, some fields left (undo, restore)"
        case .notPermitted: "not permitted by the workspace"
        case .changed: "changed meanwhile by somebody else (--if, edit); nothing was written"
        case .findings: "findings (lint: an error; with --exit-code a warning, too, and conflicts, diff)"
        case .notFound: "not found or ambiguous; with --exit-code also an empty list"
        case .unreachable: "the server could not be reached in time; local work is intact"
        case .store: "the store is busy or damaged, or the disk is full"
        case .usage: "the command line is wrong"
        case .defect: "a defect of Parley"
        }
    }

    /// Ends with this number and says nothing more.
    var quietly: ExitCode { ExitCode(rawValue) }
}
