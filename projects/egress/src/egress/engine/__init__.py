"""What every delivery has: model, plan, comparison, send state, confirmations, guard. Knows no kind of target."""
