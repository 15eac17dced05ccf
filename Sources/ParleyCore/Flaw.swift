/// Errors that a harness plants to prove that it would catch them: a check that cannot fail proves nothing.
///
/// They exist in a build with the package trait `PlantedFlaws` alone, where at most one is chosen at run
/// time. In every other build `isPlanted` is the constant false.
package enum Flaw: String, CaseIterable, Sendable {
    /// The server acknowledges a run although its transaction is rolled back.
    case acknowledgedBeforeCommit
    /// Files are opened with `synchronous=NORMAL`.
    case synchronousNormal
    /// A receiver notes how far it has come before it applies, and loses what then fails.
    case cursorMovedBeforeApply
    /// Equal times are ordered by arrival.
    case noTieBreak
    /// A changeset that is held already is appended again.
    case noDuplicateCheck
    /// What was received does not advance the clock of what is written next.
    case clockNotMerged
    /// The context of a changeset leaves out what was received since the previous one.
    case contextNotUpdated
    /// A head that the arriving write has not seen is superseded.
    case unseenSuperseded
    /// A rebuild leaves out what was set aside.
    case asideLostInRebuild
    /// Undo puts its target's former values back over a later edit.
    case undoOverLaterEdit
    /// Re-authored changesets take the present frontier as their context.
    case reauthoredOnFrontier
    /// A signature is not checked.
    case signatureUnchecked
    /// The mark of what has left this machine is written after it has left.
    case leftMarkedLate
    /// A deletion and an edit that have not seen each other are not reported.
    case deletionSilent
    /// Of two heads with equal values one is dropped.
    case equalHeadDropped
    /// A write under another analyst's key counts.
    case foreignKeyCounts
    /// What is written between hello and welcome is taken for sent.
    case newsDuringGreetingForgotten
    /// What is written is not entered into the full-text index, which takes itself for complete.
    case searchNotUpdated

    #if PlantedFlaws
        nonisolated(unsafe) package static var planted: Flaw?

        package static func isPlanted(_ flaw: Flaw) -> Bool { planted == flaw }
    #else
        @inline(__always) package static func isPlanted(_ flaw: Flaw) -> Bool { false }
    #endif
}
