"""A folder in which nothing is known yet."""


def test_a_folder_that_is_being_looked_through_says_how_far_and_opens_by_itself(play):
    play("new-folder")
