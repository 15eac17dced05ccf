/// Why somebody should look at a record now.
package enum DueReason: Equatable, Sendable {
    /// An indicator is watched until this day, which has passed.
    case windowPassed(Day)
    /// An indicator was last checked so many days ago.
    case checked(daysAgo: Int)
    /// An indicator was made so many days ago and has never been checked.
    case neverChecked(days: Int)
    /// A judgment was to be settled by this day, and nobody has said how it came out.
    case unsettled(since: Day)
}

/// What is due for a look on one day.
package struct DueRule: Sendable {
    package var today: Day
    /// An indicator wants a look when its last one is longer ago than this.
    package var staleDays: Int

    /// What a workspace takes that has no `lint.stale_days` of its own.
    package static let usualDays = 30

    package init(today: Day, staleDays: Int = DueRule.usualDays) {
        (self.today, self.staleDays) = (today, staleDays)
    }

    /// An indicator that was seen or retired is due no more. A window of reduced precision ends with its last
    /// day; a check of reduced precision was on its first.
    package func indicator(
        state: String?, window: CivilDate?, checked: CivilDate?, created: Day
    ) -> DueReason? {
        if state == "seen" || state == "retired" { return nil }
        if let end = window.map({ Day(lastOf: $0) }), end < today { return .windowPassed(end) }
        guard let last = checked.map({ Day(firstOf: $0) }) else {
            return today - created > staleDays ? .neverChecked(days: today - created) : nil
        }
        return today - last > staleDays ? .checked(daysAgo: today - last) : nil
    }

    /// - Parameter isSettled: it has an outcome, be it void.
    package func judgment(due: CivilDate?, isSettled: Bool) -> DueReason? {
        guard !isSettled, let day = due.map({ Day(lastOf: $0) }), day < today else { return nil }
        return .unsettled(since: day)
    }
}
