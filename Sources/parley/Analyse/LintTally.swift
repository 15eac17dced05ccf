import ParleyAnalysis

/// Of any number of findings those that are shown, and how many there are.
struct LintTally {
    /// So many are shown at most.
    let most: Int
    /// Are waived findings shown, too?
    let withWaived: Bool
    /// Standing findings; what is waived counts in `waived` alone.
    private(set) var errors = 0
    private(set) var warnings = 0
    private(set) var waived = 0
    private var first: [Finding] = []
    /// By rule: strays are looked at some at a time, and the rules are told one after the other.
    private var ofStrays: [String: [Finding]] = [:]

    init(most: Int, withWaived: Bool) { (self.most, self.withWaived) = (most, withWaived) }

    var count: Int { errors + warnings + waived }

    /// Findings to be shown, in the order in which they were added; those at strays last, by rule.
    var shown: [Finding] {
        Array((first + ofStrays.keys.sorted().flatMap { ofStrays[$0] ?? [] }).prefix(most))
    }

    /// How many more would be shown if there were no limit.
    var hidden: Int { max(0, errors + warnings + (withWaived ? waived : 0) - most) }

    mutating func add(_ findings: [Finding]) {
        for finding in findings where counts(finding) && first.count < most { first.append(finding) }
    }

    mutating func add(strays findings: [Finding]) {
        for finding in findings where counts(finding) && ofStrays[finding.rule]?.count ?? 0 < most {
            ofStrays[finding.rule, default: []].append(finding)
        }
    }

    /// - Returns: whether it is shown.
    private mutating func counts(_ finding: Finding) -> Bool {
        guard finding.waiver == nil else {
            waived += 1
            return withWaived
        }
        if finding.level == .error { errors += 1 } else { warnings += 1 }
        return true
    }
}
