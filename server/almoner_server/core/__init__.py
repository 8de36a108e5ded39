"""What is right: the rules of Almoner as pure functions over plain records. Standard library only."""
